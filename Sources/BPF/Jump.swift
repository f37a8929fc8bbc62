/// The field that holds the offset of a jump or call.
///
/// The target is the instruction's own index, plus 1, plus that offset. The index of a pseudo function is that of its
/// first slot.
///
/// - Source: SEMANTICS, "Program"
@frozen
public enum JumpKind: UInt8, Sendable, BitwiseCopyable {
    /// Neither a jump nor a call: no field is an offset.
    case none
    /// A jump with 16 bits in `off`: `goto`, conditionals of both classes, `may_goto`.
    case short
    /// `gotol`, a jump with 32 bits in `imm`.
    case long
    /// A pseudo call, with 32 bits in `imm`.
    case call
    /// A wide load of a subprogram's address, with 32 bits in `imm` of its first slot.
    case function

    /// True if the target is the start of a subprogram.
    @inlinable @inline(__always)
    public var isCall: Bool { self == .call || self == .function }

    /// True if the target is in the same subprogram.
    @inlinable @inline(__always)
    public var isJump: Bool { self == .short || self == .long }
}

extension Instruction {
    /// The field that holds the offset of this instruction.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public var jumpKind: JumpKind {
        let operationClass = code & Opcode.classMask
        if operationClass == Opcode.jumpClass || operationClass == Opcode.jump32Class {
            switch code & Opcode.operationMask {
            case Opcode.callOperation: return code == Opcode.call && src == Opcode.pseudoCall ? .call : .none
            case Opcode.exitOperation: return .none
            default:
                if code == Opcode.gotol { return .long }
                return code == Opcode.gotox ? .none : .short
            }
        }
        return code == Opcode.loadImmediate64 && src == Opcode.pseudoFunction ? .function : .none
    }

    /// The offset of a jump or call of the given kind; 0 for ``JumpKind/none``.
    ///
    /// - Units: slots, relative to the slot after this one
    @inlinable @inline(__always)
    public func jumpOffset(_ kind: JumpKind) -> Int {
        switch kind {
        case .none: 0
        case .short: Int(off)
        case .long, .call, .function: Int(imm)
        }
    }

    /// Writes the offset of a jump or call of the given kind; returns false if it does not fit the field.
    ///
    /// - Units: slots, relative to the slot after this one
    @inlinable @inline(__always)
    public mutating func setJumpOffset(_ offset: Int, _ kind: JumpKind) -> Bool {
        switch kind {
        case .none: return true
        case .short:
            off = Int16(truncatingIfNeeded: offset)
            return Int(off) == offset
        case .long, .call, .function:
            imm = Int32(truncatingIfNeeded: offset)
            return Int(imm) == offset
        }
    }
}
