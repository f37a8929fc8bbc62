import BPF

/// The reason for which an ``InstructionPatcher`` refuses an edit, or cannot carry out its edits.
public enum PatchingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `EINVAL`: the edit is malformed. Edits are counted from 0 within a phase, in the order of the calls.
    case malformed(MalformedEdit)
    /// `EINVAL`: an earlier edit of the phase has deleted or replaced an instruction that this edit names.
    case removed(InputIndex)
    /// `EINVAL`: in a pass, counted from 0, a jump has no target, or no instruction is left.
    case refused(pass: Int)
    /// `ERANGE`: after a pass, counted from 0, an offset does not fit its 16 bits.
    case outOfRange(pass: Int)

    /// The status of a patcher for such edits.
    public var status: PatchStatus {
        switch self {
        case .malformed, .removed, .refused: .einval
        case .outOfRange: .erange
        }
    }

    /// The error in words.
    public var description: String {
        switch self {
        case .malformed(let fault): "EINVAL: \(fault)"
        case .removed(let index): "EINVAL: an earlier edit has removed instruction \(index)"
        case .refused(let pass): "EINVAL: after pass \(pass) a jump has nothing to reach, or no instruction is left"
        case .outOfRange(let pass): "ERANGE: after pass \(pass) an offset does not fit 16 bits"
        }
    }
}
