import BPF

/// Why an ``InstructionPatcher`` does not take an edit, or cannot carry out what it has taken.
public enum PatchingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `EINVAL`: the edit is malformed. Edits are counted from 0 within a phase, in the order in which they were made.
    case malformed(MalformedEdit)
    /// The edit names an instruction that an earlier one of the phase has deleted or replaced.
    case removed(InputIndex)
    /// `EINVAL`: in a pass, counted from 0, nothing stands for the target of some jump, or nothing stands at all.
    case refused(pass: Int)
    /// `ERANGE`: in the layout of a pass, counted from 0, some offset does not fit its 16 bits.
    case outOfRange(pass: Int)

    /// What a patcher says of such edits.
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
        case .refused(let pass): "EINVAL: pass \(pass) leaves a jump with nothing to land on, or leaves nothing"
        case .outOfRange(let pass): "ERANGE: in pass \(pass) an offset does not fit 16 bits"
        }
    }
}
