extension CoverageCell {
    /// The reason for which no pass is in this cell, or `nil` if there are such passes.
    package var impossibility: String? {
        recordReason ?? rangeReason ?? sourceReason ?? callReason ?? checkReason
    }

    /// True if random cases test it: every possible cell.
    package var isPossible: Bool { impossibility == nil }

    private var recordReason: String? {
        if subject.isJump { return nil }
        if border.isSource { return "a word or record has no source" }
        return check == .place ? nil : "a word or record is compared in accepted passes only"
    }

    private var rangeReason: String? {
        switch edit {
        case .patch, .keep:
            if [.targetInside, .targetLast, .sourceInside, .sourceLast].contains(border) {
                return "the range is one instruction"
            }
        case .insert, .insertSkip, .append:
            if [.targetInside, .targetLast, .sourceFirst, .sourceInside, .sourceLast].contains(border) {
                return "an insertion removes nothing"
            }
            if edit == .append && [.targetFirst, .targetAfter, .sourceAfter].contains(border) {
                return "the end of the program follows"
            }
        default: break
        }
        return nil
    }

    private var sourceReason: String? {
        switch border {
        case .sourceKept:
            if edit != .keep { return "the edit keeps no instruction" }
            return check == .removed ? "a kept jump is not removed" : nil
        case .sourcePatch:
            if edit == .delete { return "a deletion has no patch" }
            return check == .removed ? "a jump of a patch is not removed" : nil
        case .sourceAfter:
            return check == .removed && edit.isInsertion ? "no other edit removes the place of an insertion" : nil
        case .sourceFirst, .sourceInside, .sourceLast:
            if edit == .keep { return "the first instruction is kept" }
            return check == .removed ? nil : "the jump is removed"
        default: return nil
        }
    }

    private var callReason: String? {
        let isStart = subject.isCall || subject == .subprogram
        if edit != .replace || border != .targetInside && border != .targetLast { return nil }
        if isStart { return "a subprogram cannot start inside a range with a patch" }
        return subject.isJump && [.place, .erange].contains(check)
            ? "a jump into a replaced range, past its start, has no target" : nil
    }

    private var checkReason: String? {
        switch check {
        case .erange: return subject.isShort ? nil : "the offset has 32 bits"
        case .einval:
            if border == .targetFirst && edit != .delete {
                return "the jump reaches the patch, or the instruction after it"
            }
            return nil
        default: return nil
        }
    }
}

extension EditKind {
    /// True for an edit that removes nothing.
    fileprivate var isInsertion: Bool { self == .insert || self == .insertSkip || self == .append }
}
