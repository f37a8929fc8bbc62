import BPF
import Patching

/// A fault in one of the designs, mostly one that needs several edits or a rare layout.
///
/// ``FaultyDesign`` is the design with one of them. To add one: a case here with its design, and its change in
/// ``FaultyDesign``.
package enum DesignFault: String, CaseIterable, Sendable {
    // In the pass that the design carries out.
    case laterSkipForgotten = "skip is ignored in all edits but the first"
    case thirdRefOffByOne = "refs of the third and later edits reach the slot after their target"
    case skipFromPassBefore = "if the pass before had a skip, the insertions of this one skip too"
    case emptyPassRefused = "a pass without edits is refused"
    case roomForEightEdits = "a pass of more than eight edits is refused: the table of deltas is full"

    // In the status.
    case refusalIsOverflow = "every refused pass returns ERANGE"
    case refusalIsAccepted = "a pass that leaves a jump without a target is accepted, and changes nothing"
    case overflowIsRefusal = "an offset that does not fit returns EINVAL"

    // In jumps of the result.
    case cancelledGrowth = "jumps are not adjusted if the edits add as many slots as they remove"
    case secondDeltaForgotten = "a jump across several edits that move slots is not moved by the last of them"
    case thirdDeltaForgotten = "a forward jump across three edits that move slots is not moved by the last of them"
    case negativeDeltaForgotten = "a forward jump across a deletion keeps its offset"
    case lastSlotForgotten = "a jump in the last slot keeps its offset"
    case nextSlotForgotten = "a jump to the next instruction keeps its offset"
    case selfJumpForgotten = "a jump to itself keeps its offset"
    case recursionForgotten = "a call of the subprogram that holds it keeps its offset"
    case jumpAcrossAppend = "a jump to the last instruction lands on the append after it"
    case deletionAtZero = "a jump to a deletion at the start of the program keeps its offset"

    // In the other parts of the result.
    case upperHalfOfFunction = "the second slot of a moved backward pseudo function is filled with its sign"
    case keptWideLosesAux = "the second slot of a kept wide load loses its aux word"
    case startAfterSkip = "an insertion with skip at the start of a subprogram moves the start"
    case lineOfNextLost = "the line record after a dropped subprogram is lost"
    case fifthLineLost = "line records after the fourth are lost"
    case lineIDsNotShifted = "ids of line records are not shifted when one is dropped"

    /// The design with the fault.
    var design: BuiltInPatchers {
        switch self {
        case .laterSkipForgotten, .overflowIsRefusal, .recursionForgotten: .kernelArray
        case .thirdRefOffByOne, .secondDeltaForgotten, .nextSlotForgotten, .keptWideLosesAux: .deltaArray
        case .cancelledGrowth, .negativeDeltaForgotten, .fifthLineLost: .deferredBranches
        case .refusalIsAccepted, .startAfterSkip, .lineOfNextLost: .basicBlock
        case .skipFromPassBefore, .refusalIsOverflow, .deletionAtZero: .linkedList
        case .emptyPassRefused, .lastSlotForgotten, .selfJumpForgotten: .indexMap
        case .roomForEightEdits, .thirdDeltaForgotten, .lineIDsNotShifted: .rangeReplace
        case .jumpAcrossAppend, .upperHalfOfFunction: .engine
        }
    }

    /// True if it shows only in programs at the 16-bit limit.
    package var isFar: Bool { self == .overflowIsRefusal }
    /// True if a case may show it only after other cases.
    package var carriesState: Bool { self == .skipFromPassBefore }
}
