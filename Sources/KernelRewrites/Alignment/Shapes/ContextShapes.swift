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
            if reader.count > least && work.isComplete(at: reader.count) { return reader.shape(.context) }
        }
        return .missing
    }

    /// What an access did so far.
    private struct Work {
        let base: UInt8
        let isLoad: Bool
        /// The registers that may be written, one bit each.
        var writable: UInt16
        /// Registers that were saved to memory, to work with, and not yet loaded again.
        var saved: UInt16 = 0
        /// How far the furthest jump goes.
        var reach: Int32 = 0
        /// Whether the register was loaded, or the value stored.
        var isDone = false

        init(_ insn: Instruction) {
            isLoad = insn.code & Opcode.classMask == Opcode.loadClass
            base = isLoad ? insn.src : insn.dst
            writable = 1 << UInt16(Register.hidden)
            if isLoad { writable |= 1 << UInt16(insn.dst) }
            loaded = isLoad ? insn.dst : 16
        }
        /// The register that the program loads.
        let loaded: UInt8

        func isComplete(at count: Int32) -> Bool { isDone && saved == 0 && reach <= count }

        /// Takes the next instruction; says whether it may be there.
        mutating func take(_ insn: Instruction, at count: Int32) -> Bool {
            let dst = UInt16(1) << UInt16(insn.dst)
            switch insn.code & Opcode.classMask {
            case Opcode.loadClass:
                if insn.code & Opcode.modeMask == 0 { return false }
                if writable & dst == 0 { return false }
                // What was saved last is loaded again from the same structure.
                if saved & dst != 0 && insn.dst != loaded && isDone { saved &= ~dst }
                isDone = isDone || insn.dst == loaded
                return true
            case Opcode.storeClass:
                if insn.code & Opcode.modeMask != Opcode.memoryMode { return false }
                if isSave(insn) {
                    saved |= 1 << UInt16(insn.src)
                    writable |= 1 << UInt16(insn.src)
                    return true
                }
                isDone = isDone || !isLoad
                return !isLoad
            case Opcode.storeImmediateClass:
                isDone = isDone || !isLoad
                return !isLoad && insn.code & Opcode.modeMask == Opcode.memoryMode
            case Opcode.arithmeticClass, Opcode.arithmetic32Class:
                isDone = isDone || insn.dst == loaded
                return writable & dst != 0
            default:
                if !insn.isShortJump || insn.off < 0 { return false }
                reach = max(reach, count + Int32(insn.off))
                return true
            }
        }

        /// Whether a store puts a register aside that is then worked with.
        private func isSave(_ insn: Instruction) -> Bool {
            insn.code == Opcode.storeDouble && insn.dst == base && insn.src >= 6 && insn.src <= 9
                && writable & (1 << UInt16(insn.src)) == 0
        }
    }
}
