import BPF
import Patching

/// The code of the result that replaces an instruction of the program, or that the kernel inserted.
struct Expansion: BitwiseCopyable {
    /// No index into the patch, and no row.
    static let none = Int8(-1)

    /// The rewrite; without meaning for an instruction that is unchanged.
    var rewrite = Rewrite.inPlace
    /// The entry of the table; -1 for an expansion without a row.
    var entry = Int16(-1)
    /// True for the instruction as it was, except for fields that the kernel chooses.
    var isItself = false
    /// The length; 0 if nothing fits.
    ///
    /// - Units: slots
    var count: Int32 = 0
    /// The slots that a barrier takes before the expansion of the row.
    var lead: Int8 = 0
    /// The slot of the patch with the instruction itself.
    var keep = Expansion.none
    /// The slot of the patch with a jump or call to ``target``.
    var from = Expansion.none
    var target = InputIndex(rawValue: 0)

    static let missing = Expansion()

    /// The instruction itself.
    static func itself(width: Int) -> Expansion { Expansion(isItself: true, count: Int32(width), keep: 0) }

    @inline(__always)
    var isThere: Bool { count > 0 }

    /// The same after a barrier.
    func afterBarrier() -> Expansion {
        var expansion = followed(by: 1, .nospec)
        expansion.lead = 1
        if keep != Expansion.none { expansion.keep += 1 }
        if from != Expansion.none { expansion.from += 1 }
        return expansion
    }

    /// The same with more slots after it.
    func followed(by slots: Int32, _ rewrite: Rewrite) -> Expansion {
        var expansion = self
        expansion.count += slots
        // A rewrite of the instruction itself names the whole.
        if isItself { expansion.rewrite = rewrite }
        expansion.isItself = false
        return expansion
    }
}
