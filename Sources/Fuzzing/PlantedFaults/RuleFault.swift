/// A fault against a rule, such as a flipped comparison, a missing kind of jump or a forgotten table.
///
/// ``FaultyPatcher`` is the reference with one of them. To add one: a case here, with the commit in parentheses if it is
/// modelled on a fault of a kernel, and its condition in ``FaultyPatcher``, ``FaultyJumps`` or ``FaultyTables``.
package enum RuleFault: String, CaseIterable, Sendable {
    // Detection of jumps.
    case pseudoFunctionForgotten = "pseudo functions are not adjusted (3990ed4c4266)"
    case callForgotten = "pseudo calls are not adjusted"
    case helperTakenForCall = "a helper call is taken for a pseudo call"
    case kfuncTakenForCall = "a kfunc call is taken for a pseudo call"
    case exitTakenForJump = "exit is taken for a jump"
    case gotoxTakenForJump = "gotox is taken for a jump"
    case conditional32Forgotten = "conditionals of JMP32 are not adjusted"
    case jaForgotten = "ja is not adjusted"
    case gotolForgotten = "gotol is not adjusted"
    case gotolOff = "gotol is adjusted in off (4cd58e9af8b9)"
    case mayGotoForgotten = "may_goto is not adjusted"
    case mayGotoBackwardForgotten = "a backward may_goto is not adjusted (2b2efe1937ca)"
    case unnamedJumpForgotten = "jumps with an unnamed operation are not adjusted"
    case secondSlotTakenForJump = "the second slot of a pseudo function is adjusted too"

    // Landings.
    case backJumpStrict = "a backward jump to the patched instruction is not fixed (a1b14d27ed09)"
    case forwardJumpToLast = "a forward jump to the patched instruction lands on the last of the patch"
    case jumpToKept = "a jump to a kept instruction lands on it and not on the first of the patch"
    case keptStays = "a kept jump is not encoded again"
    case keptBackwardStays = "a kept backward jump is not encoded again (2b2efe1937ca)"
    case refOffByOne = "a ref reaches the slot after its target"
    case leavingSkipsInsertion = "leaving a patch skips an insertion right after it"
    case skipForgotten = "skip is ignored (5337ac4c9b80)"
    case skipForgottenForMayGoto = "skip is ignored for may_goto"
    case skipForCalls = "calls skip an insertion as jumps do"
    case skipNotForOwnJumps = "an insertion's own jumps do not skip it (d5c47719f244)"
    case interiorSlides = "a jump into a deleted range keeps its distance to the range's start"
    case deletionCrossesSubprogram = "after a deletion at its end, a subprogram continues in the next"
    case refLeavesSubprogram = "a ref may leave the subprogram of its edit"
    case leavingLeavesSubprogram = "leaving a patch may leave the subprogram"
    case appendLeaves = "leaving an append is accepted"
    case replacedInterior = "a jump into a replaced range lands on the patch"

    // Aux words, subprograms and line records.
    case auxStays = "aux words are not moved (8041902dae52)"
    case auxShiftedByLength = "aux words are shifted by the length of the patch"
    case auxLastLost = "the last slot of a patch gets no aux word"
    case auxOnFirst = "the first slot of a patch gets the aux word (07ae6c130b46)"
    case auxNotZeroed = "patch slots inherit stale aux words (77620d126739, first version)"
    case auxOfKeptLost = "a kept instruction loses its aux word"
    case startStrict = "a patch at its start moves a subprogram (afd594240806)"
    case droppedSubprogramKept = "an empty subprogram is kept"
    case idsNotShifted = "ids of subprograms are not shifted when one is dropped"
    case lineAtPatchShifted = "the line record at a patch is shifted"
    case insertionShiftsLess = "an insertion shifts line records as a patch does"
    case inheritanceForgotten = "the instruction after a deletion does not inherit a line record"
    case inheritsAlthoughOwn = "the instruction after a deletion inherits although it has a line record"
    case inheritsFirst = "the instruction after a deletion inherits the first dropped line record"
    case inheritsAtEnd = "a line record is inherited by the end of the program"
    case appendShiftsLines = "an append shifts the record of the last instruction"

    // The 16-bit limit.
    case rangeUnchecked = "offsets are cut to 16 bits (050fad7c4534)"
    case rangeCheckedForward = "only forward offsets are checked"
    case rangeCheckedBackward = "only backward offsets are checked"
    case rangeStrictForward = "an offset of 32,767 is refused"
    case rangeStrictBackward = "an offset of -32,768 is refused"
    case rangeOfGotol = "gotol is held to 16 bits"

    /// True if it shows only in programs at the 16-bit limit.
    package var isFar: Bool {
        switch self {
        case .rangeUnchecked, .rangeCheckedForward, .rangeCheckedBackward, .rangeStrictForward, .rangeStrictBackward,
            .rangeOfGotol:
            true
        default: false
        }
    }

    /// Faults that show in programs of any size.
    package static let near = allCases.filter { !$0.isFar }
    /// Faults that show only at the 16-bit limit.
    package static let far = allCases.filter(\.isFar)
}
