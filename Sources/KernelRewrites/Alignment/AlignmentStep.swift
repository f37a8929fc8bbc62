import BPF
import Patching

/// A place where the result is not simply the program's own instruction.
struct AlignmentStep: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        /// An expansion replaces the instruction.
        case rewritten
        /// Code was put in front of the first instruction of a subprogram.
        case start
        /// Code was put behind the end of the program.
        case append
        /// What stands there was not understood.
        case opaque
    }

    var kind: Kind
    var slot: InputIndex
    /// How many slots of the program it is about.
    var width: UInt32
    var place: OutputIndex
    var expansion: Expansion

    /// True if two steps give the same code to the same instruction.
    func isSame(as other: AlignmentStep) -> Bool {
        kind == other.kind && slot == other.slot && place == other.place && expansion.count == other.expansion.count
            && expansion.rewrite == other.expansion.rewrite
    }
}
