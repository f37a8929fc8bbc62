/// One thing that a patcher can get wrong: a comparison flipped, a kind of jump left out, a table forgotten.
///
/// Many are modelled on what broke a kernel; the commit is named where one is known.
enum Fault: String, CaseIterable, Sendable {
    // Which instructions are jumps.
    case pseudoFunctionForgotten = "pseudo functions stay as they are (3990ed4c4266)"
    case callForgotten = "pseudo calls stay as they are"
    case helperTakenForCall = "a helper call is taken for a pseudo call"
    case kfuncTakenForCall = "a kfunc call is taken for a pseudo call"
    case exitTakenForJump = "exit is taken for a jump"
    case gotoxTakenForJump = "gotox is taken for a jump"
    case conditional32Forgotten = "conditionals of JMP32 stay as they are"
    case jaForgotten = "ja stays as it is"
    case gotolForgotten = "gotol stays as it is"
    case gotolOff = "gotol is adjusted in off (4cd58e9af8b9)"
    case mayGotoForgotten = "may_goto stays as it is"
    case mayGotoBackwardForgotten = "a backward may_goto stays as it is (2b2efe1937ca)"
    case unnamedJumpForgotten = "jumps with an operation that has no name stay as they are"
    case secondSlotTakenForJump = "the second slot of a pseudo function is adjusted too"

    // Where jumps land.
    case backJumpStrict = "a backward jump to the patched instruction is not fixed (a1b14d27ed09)"
    case forwardJumpToLast = "a forward jump to the patched instruction lands on the last of the patch"
    case jumpToKept = "a jump to a kept instruction lands on it and not on the first of the patch"
    case keptStays = "a kept jump is not encoded again"
    case keptBackwardStays = "a kept backward jump is not encoded again (2b2efe1937ca)"
    case refOffByOne = "a ref reaches the slot behind its target"
    case leavingSkipsInsertion = "leaving a patch goes past an insertion right behind it"
    case skipForgotten = "skip is ignored (5337ac4c9b80)"
    case skipForgottenForMayGoto = "skip is ignored for may_goto"
    case skipForCalls = "calls skip an insertion as jumps do"
    case skipNotForOwnJumps = "an insertion's own jumps do not skip it (d5c47719f244)"
    case interiorSlides = "a jump into a deleted range slides as far behind it"
    case deletionCrossesSubprogram = "behind a deletion at its end, a subprogram goes on in the next"
    case refLeavesSubprogram = "a ref may leave the subprogram of its edit"
    case leavingLeavesSubprogram = "leaving a patch may leave the subprogram"
    case appendLeaves = "leaving an append is accepted"
    case replacedInterior = "a jump into a replaced range lands on the patch"

    // What travels along.
    case auxStays = "aux words are not moved (8041902dae52)"
    case auxShiftedByLength = "aux words are shifted by the length of the patch"
    case auxLastLost = "the last slot of a patch gets no aux word"
    case auxOnFirst = "the first slot of a patch gets the aux word (07ae6c130b46)"
    case auxNotZeroed = "patch slots inherit stale aux words (77620d126739, first version)"
    case auxOfKeptLost = "a kept instruction loses its aux word"
    case startStrict = "a patch at its start moves a subprogram (afd594240806)"
    case droppedSubprogramKept = "a subprogram of which nothing stands is kept"
    case idsNotShifted = "ids of subprograms are not shifted when one is dropped"
    case lineAtPatchShifted = "the line record at a patch is shifted"
    case insertionShiftsLess = "an insertion shifts line records as a patch does"
    case inheritanceForgotten = "what follows a deletion does not inherit a line record"
    case inheritsAlthoughOwn = "what follows a deletion inherits although it has a line record"
    case inheritsFirst = "what follows a deletion inherits the first dropped line record"
    case inheritsAtEnd = "a line record is inherited by the end of the program"
    case appendShiftsLines = "an append shifts the record of the last instruction"

    // The 16-bit limit.
    case rangeUnchecked = "offsets are cut to 16 bits (050fad7c4534)"
    case rangeCheckedForward = "only forward offsets are checked"
    case rangeCheckedBackward = "only backward offsets are checked"
    case rangeStrictForward = "an offset of 32,767 is refused"
    case rangeStrictBackward = "an offset of -32,768 is refused"
    case rangeOfGotol = "gotol is held to 16 bits"

    /// Whether it shows only in programs at the 16-bit limit.
    var isFar: Bool {
        switch self {
        case .rangeUnchecked, .rangeCheckedForward, .rangeCheckedBackward, .rangeStrictForward, .rangeStrictBackward,
            .rangeOfGotol:
            true
        default: false
        }
    }

    /// Faults that show in programs of any size.
    static let near = allCases.filter { !$0.isFar }
    /// Faults that show only at the 16-bit limit.
    static let far = allCases.filter(\.isFar)
}
