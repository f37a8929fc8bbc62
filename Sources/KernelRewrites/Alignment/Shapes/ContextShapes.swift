import BPF
import Fuzzing
import Patching

/// Accesses of a context, or of a structure that is shown as one.
///
/// What a field becomes is up to its type of program and there are hundreds, of 1 to about 30 instructions. They are told by
/// what they may do: load from where the program does, work on the register that it loads or on ones of their own, and jump
/// forward inside of themselves.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `convert_ctx_accesses`; `convert_ctx_access` of each type in `net/core/filter.c`
enum ContextShapes {
    /// The longest that is looked for; the kernel's own limit is `INSN_BUF_SIZE`.
    static let limit = 32

    /// Reads the shortest access that is longer than some slots.
    ///
    /// - Complexity: O(length)
    static func access(_ insn: Instruction, longerThan least: Int32, _ start: ShapeReader) -> Shape {
        var reader = start
        var work = Work(insn)
        while reader.count < limit {
            if !work.take(reader.skip(), at: reader.count) { return .missing }
            if reader.count <= least || !work.isComplete(at: reader.count) { continue }
            // No jump goes into what cuts a narrow load out of the field.
            if work.reach <= reader.count - cut(insn, reader) { return reader.shape(.context) }
        }
        return .missing
    }

    /// How many instructions at the end cut the part out of a field that the program loads.
    private static func cut(_ insn: Instruction, _ reader: ShapeReader) -> Int32 {
        if insn.code & Opcode.classMask != Opcode.loadClass { return 0 }
        let size = MemorySize(of: insn)
        if size == .double { return 0 }
        let mask = Instruction.apply(
            .and, insn.dst, Int32(truncatingIfNeeded: (1 << (8 * size.bytes)) - 1), is64: false)
        if reader.peek(-1).bits != mask.bits || reader.count < 2 { return 0 }
        let shift = reader.peek(-2)
        let isShift = shift.code & Opcode.operationMask == Arithmetic.shiftRight.rawValue && shift.dst == insn.dst
        return isShift && shift.code & Opcode.classMask != Opcode.jumpClass && shift.imm & 7 == 0 ? 2 : 1
    }

    /// What an access did so far.
    private struct Work {
        let insn: Instruction
        let isLoad: Bool
        /// Where the program loads from or stores to.
        let base: UInt8
        /// The registers that may be written, one bit each.
        var writable: UInt16
        /// Those of them that hold something that was loaded or set here.
        var held: UInt16 = 0
        /// Registers of the program that were put aside in memory, to work with, and are not yet back.
        var saved: UInt16 = 0
        /// How far the furthest jump goes.
        var reach: Int32 = 0
        /// Whether the register was loaded, or the value stored.
        var isDone = false
        /// Whether it is a field that is not there, and a constant stands for it alone.
        var isConstant = false

        init(_ insn: Instruction) {
            self.insn = insn
            isLoad = insn.code & Opcode.classMask == Opcode.loadClass
            base = isLoad ? insn.src : insn.dst
            writable = Work.bit(Register.hidden) | (isLoad ? Work.bit(insn.dst) : 0)
        }

        @inline(__always)
        private static func bit(_ register: UInt8) -> UInt16 { 1 << UInt16(register) }

        func isComplete(at count: Int32) -> Bool { isDone && saved == 0 && reach <= count }

        /// Takes the next instruction; says whether it may be there.
        mutating func take(_ next: Instruction, at count: Int32) -> Bool {
            if isConstant || !next.hasOnlyItsFields { return false }
            let dst = Work.bit(next.dst)
            let src = Work.bit(next.src)
            switch next.code & Opcode.classMask {
            case Opcode.loadClass:
                let isPlain = next.code & Opcode.modeMask == Opcode.memoryMode
                if !isPlain || writable & dst == 0 || (next.src != base && held & src == 0) { return false }
                set(next.dst)
                if saved & dst != 0 && isDone {
                    // What was put aside comes back last.
                    saved &= ~dst
                    held &= ~dst
                }
                return true
            case Opcode.storeClass:
                if next.code & Opcode.modeMask != Opcode.memoryMode { return false }
                if isLoad || next.src != insn.src {
                    if isSave(next) {
                        saved |= src
                        writable |= src
                        return true
                    }
                    // A flag beside what is stored.
                    return !isLoad && held & src != 0 && (next.dst == base || held & dst != 0)
                }
                return store(next)
            case Opcode.storeImmediateClass:
                return !isLoad && next.code & Opcode.modeMask == Opcode.memoryMode && next.imm == insn.imm
                    && store(next)
            case Opcode.arithmeticClass, Opcode.arithmetic32Class:
                return calculate(next)
            default:
                // A jump to what is behind it anyway is in no conversion.
                if !next.isShortJump || next.off < 1 { return false }
                // It asks for what is held, or for what the program stores.
                let asked = Work.bit(next.dst)
                let isValue = !isLoad && next.dst == insn.src
                if next.code != Opcode.ja && held & asked == 0 && !isValue { return false }
                reach = max(reach, count + Int32(next.off))
                return true
            }
        }

        /// Arithmetic works on what is held, or sets a register.
        private mutating func calculate(_ next: Instruction) -> Bool {
            let dst = Work.bit(next.dst)
            if writable & dst == 0 { return false }
            let isMove = next.code & Opcode.operationMask == Arithmetic.move.rawValue
            let isRegister = next.code & Opcode.registerOperand != 0
            if isRegister && next.src != base && (held | dst) & Work.bit(next.src) == 0 { return false }
            if !isMove && held & dst == 0 { return false }
            // No conversion has this operation.
            if next.code & Opcode.operationMask == Arithmetic.xor.rawValue { return false }
            // The hidden register is only ever loaded.
            if isMove && !isRegister && next.dst == Register.hidden { return false }
            isConstant = isMove && !isRegister && held == 0
            set(next.dst)
            return true
        }

        private mutating func set(_ register: UInt8) {
            held |= Work.bit(register)
            isDone = isDone || (isLoad && register == insn.dst)
        }

        /// The value of the program goes to its place.
        private mutating func store(_ next: Instruction) -> Bool {
            if next.dst != base && held & Work.bit(next.dst) == 0 { return false }
            isDone = true
            return true
        }

        /// Whether a store puts a register aside that is then worked with.
        private func isSave(_ next: Instruction) -> Bool {
            next.code == Opcode.storeDouble && next.dst == base && next.src >= 6 && next.src <= 9
                && (writable | Work.bit(base)) & Work.bit(next.src) == 0
        }
    }
}

extension Instruction {
    /// Whether fields that an instruction of its kind does not have are 0.
    fileprivate var hasOnlyItsFields: Bool {
        let isRegister = code & Opcode.registerOperand != 0
        switch code & Opcode.classMask {
        case Opcode.loadClass, Opcode.storeClass: return imm == 0
        case Opcode.storeImmediateClass: return src == 0
        case Opcode.arithmeticClass, Opcode.arithmetic32Class:
            // A move that extends the sign says from how many bits.
            let isMove = code & Opcode.operationMask == Arithmetic.move.rawValue
            return isRegister ? imm == 0 && (isMove || off == 0) : src == 0 && off == 0
        default:
            if code == Opcode.ja { return registers == 0 && imm == 0 }
            return isRegister ? imm == 0 : src == 0
        }
    }
}
