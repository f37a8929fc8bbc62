import BPF
import Fuzzing
import Patching

/// Matches an access of a context, or of a structure with fields like one: the one rewrite that no row states.
///
/// A field becomes 1 to about 30 instructions, depending on the program type, and there are hundreds of fields. The matcher
/// knows the operations of a conversion: loads from the same base or from what was loaded, arithmetic on the loaded register
/// or on scratch registers, and forward jumps inside. The end of a load is exact: a narrow load is shifted and masked by the
/// offset and size of the access, and a sign-extending load extends from its own size.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `convert_ctx_accesses`; `convert_ctx_access` of each type in `net/core/filter.c`
struct ContextAccess {
    /// `INSN_BUF_SIZE`
    static let limit = Int32(32)

    private let insn: Instruction
    private let isLoad: Bool
    /// The register with the address of the access.
    private let base: UInt8
    /// The registers that may be written, a bit each.
    private var writable: UInt16
    /// The registers among them that hold a loaded or computed value.
    private var held: UInt16 = 0
    /// The registers of the program that are saved in memory for use as scratch, and not yet restored.
    private var saved: UInt16 = 0
    /// The end of the farthest jump.
    private var reach: Int32 = 0
    /// True once the register was loaded, or the value stored.
    private var isDone = false
    /// True if a constant alone replaces a missing field.
    private var isConstant = false
    /// The size of the last load into the register.
    ///
    /// - Units: bytes
    private var loaded = 0

    private init(_ insn: Instruction) {
        self.insn = insn
        isLoad = insn.code & Opcode.classMask == Opcode.loadClass
        base = isLoad ? insn.src : insn.dst
        writable = Self.bit(Register.hidden) | (isLoad ? Self.bit(insn.dst) : 0)
    }

    /// Matches the shortest access that is longer than `least`.
    ///
    /// - Complexity: O(length)
    static func match(
        _ insn: Instruction, longerThan least: Int32, _ result: UnsafeTypedBuffer<OutputIndex, Instruction>,
        at place: OutputIndex
    ) -> Expansion {
        var access = ContextAccess(insn)
        var best = limit + 1
        var count: Int32 = 0
        while count < limit && count < best {
            if unsafe !access.take(result[place + Int(count)], at: count + 1) { break }
            count += 1
            if !access.isDone || access.saved != 0 || access.reach > count { continue }
            let ends = access.ends(result, place + Int(count))
            if ends.0 >= 0 && count + ends.0 > least { best = min(best, count + ends.0) }
            if ends.1 >= 0 && count + ends.1 > least { best = min(best, count + ends.1) }
        }
        return best > limit ? .missing : Expansion(rewrite: .context, count: best)
    }

    // MARK: The end of a load

    /// The lengths of the possible ends of a complete conversion; -1 for none.
    private func ends(_ result: UnsafeTypedBuffer<OutputIndex, Instruction>, _ place: OutputIndex) -> (Int32, Int32) {
        if !isLoad { return (0, -1) }
        let size = MemorySize(of: insn).bytes
        var plain: Int32 = 0
        var narrow = size == 8 ? -1 : narrowing(size, result, place)
        // Fields of less than 4 bytes are rare, and are not loaded from more than they have.
        if size < 4 && loaded > size { plain = -1 }
        if insn.code & Opcode.modeMask == Self.signExtending {
            let extension64 = Instruction(code: 0xbf, dst: insn.dst, src: insn.dst, off: Int16(8 * size))
            if plain >= 0 { plain = unsafe result[place].bits == extension64.bits ? 1 : -1 }
            if narrow >= 0 { narrow = unsafe result[place + Int(narrow)].bits == extension64.bits ? narrow + 1 : -1 }
        }
        return (plain, narrow)
    }

    /// `MEMSX` in the mode of a load.
    private static let signExtending: UInt8 = 0x80

    /// The length of the shift and the mask of a narrow load; -1 if they are not there.
    ///
    /// - Source: `bpf_ctx_narrow_access_offset`, on a little-endian machine
    private func narrowing(
        _ size: Int, _ result: UnsafeTypedBuffer<OutputIndex, Instruction>, _ place: OutputIndex
    ) -> Int32 {
        let mask = Instruction.apply(
            .and, insn.dst, Int32(truncatingIfNeeded: (1 << (8 * size)) - 1), is64: false)
        for field in [2, 4, 8] where field > size {
            let shift = Int32(8 * (Int(insn.off) & (field - 1)))
            if shift == 0 {
                if unsafe result[place].bits == mask.bits { return 1 }
                continue
            }
            let shifting = Instruction.apply(.shiftRight, insn.dst, shift, is64: field == 8)
            if unsafe result[place].bits == shifting.bits && result[place + 1].bits == mask.bits { return 2 }
        }
        return -1
    }

    // MARK: The conversion

    @inline(__always)
    private static func bit(_ register: UInt8) -> UInt16 { 1 << UInt16(register & 15) }

    /// Takes the next instruction; false if it is in no conversion.
    private mutating func take(_ next: Instruction, at count: Int32) -> Bool {
        if isConstant || !next.hasOnlyItsFields { return false }
        let dst = Self.bit(next.dst)
        let src = Self.bit(next.src)
        switch next.code & Opcode.classMask {
        case Opcode.loadClass:
            let isPlain = next.code & Opcode.modeMask == Opcode.memoryMode
            if !isPlain || writable & dst == 0 || (next.src != base && held & src == 0) { return false }
            set(next.dst)
            if isLoad && next.dst == insn.dst { loaded = MemorySize(of: next).bytes }
            if saved & dst != 0 && isDone {
                // A saved register is restored last.
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
                // A flag next to the stored value.
                return !isLoad && held & src != 0 && (next.dst == base || held & dst != 0)
            }
            return store(next)
        case Opcode.storeImmediateClass:
            return !isLoad && next.code & Opcode.modeMask == Opcode.memoryMode && next.imm == insn.imm && store(next)
        case Opcode.arithmeticClass, Opcode.arithmetic32Class:
            return calculate(next)
        default:
            // No conversion jumps to its next instruction.
            if !next.isShortJump || next.off < 1 { return false }
            // It compares a held value, or the value that the program stores.
            let compared = Self.bit(next.dst)
            let isValue = !isLoad && next.dst == insn.src
            if next.code != Opcode.ja && held & compared == 0 && !isValue { return false }
            reach = max(reach, count + Int32(next.off))
            return true
        }
    }

    /// Arithmetic works on a held value, or sets a register.
    private mutating func calculate(_ next: Instruction) -> Bool {
        let dst = Self.bit(next.dst)
        if writable & dst == 0 { return false }
        guard let operation = Arithmetic(rawValue: next.code & Opcode.operationMask) else { return false }
        let isMove = operation == .move
        if !isMove && held & dst == 0 { return false }
        if next.code & Opcode.registerOperand != 0 {
            if next.src != base && (held | dst) & Self.bit(next.src) == 0 { return false }
            if next.off != 0 || !(isMove || operation == .add || operation == .subtract) { return false }
        } else if !isNumberOfConversion(operation, next) {
            return false
        }
        isConstant = isMove && next.code & Opcode.registerOperand == 0 && held == 0
        set(next.dst)
        return true
    }

    /// True for the numbers of conversions: parts of a byte of flags, a port in the upper half, and values of missing fields.
    private func isNumberOfConversion(_ operation: Arithmetic, _ next: Instruction) -> Bool {
        switch operation {
        case .and, .shiftRight: next.dst != insn.dst || loaded <= 1
        case .shiftLeft: next.imm == 16
        case .or: next.dst == Register.hidden || saved & Self.bit(next.dst) != 0
        // The hidden register is only ever loaded.
        case .move: next.dst != Register.hidden && (-1...1).contains(next.imm)
        default: false
        }
    }

    private mutating func set(_ register: UInt8) {
        held |= Self.bit(register)
        isDone = isDone || (isLoad && register == insn.dst)
    }

    /// A store of the program's value to its place.
    private mutating func store(_ next: Instruction) -> Bool {
        if next.dst != base && held & Self.bit(next.dst) == 0 { return false }
        isDone = true
        return true
    }

    /// True for a store that saves a register for use as scratch.
    private func isSave(_ next: Instruction) -> Bool {
        next.code == Opcode.storeDouble && next.dst == base && next.src >= 6 && next.src <= 9
            && (writable | Self.bit(base)) & Self.bit(next.src) == 0
    }
}

extension Instruction {
    /// True if the fields that an instruction of its kind does not have are 0.
    fileprivate var hasOnlyItsFields: Bool {
        let isRegister = code & Opcode.registerOperand != 0
        switch code & Opcode.classMask {
        case Opcode.loadClass, Opcode.storeClass: return imm == 0
        case Opcode.storeImmediateClass: return src == 0
        case Opcode.arithmeticClass, Opcode.arithmetic32Class: return isRegister ? imm == 0 : src == 0 && off == 0
        default:
            if code == Opcode.ja { return registers == 0 && imm == 0 }
            return isRegister ? imm == 0 : src == 0
        }
    }
}
