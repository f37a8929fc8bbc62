import BPF
import Patching

/// An edit that is chosen but not written.
struct PlannedEdit {
    var end: InputIndex
    var hasPatch: Bool
    var skip = false
    /// True if the patch keeps the replaced instruction.
    var keeps = false
    /// True if a jump may leave the patch.
    var mayLeave = false
}

/// A pass under construction, whose edits are chosen in order.
///
/// Not copyable: it is large and passed on often.
struct PassBuilder: ~Copyable {
    let features: CaseFeatures
    let input: ProgramImage<InputIndex>
    let isChecked: Bool
    /// The first slot after all edits.
    private var free = 0
    /// The start of the last edit.
    private var lastOff = -1
    /// True if jumps to deleted slots directly before ``free`` still need a slot to reach.
    private var isOwed = false
    /// True if the program is not empty before ``free``.
    private var hasStanding = false
    /// The subprogram that contains the edit.
    private(set) var home = 0
    private(set) var homeEnd: Int

    init(features: CaseFeatures, input: ProgramImage<InputIndex>, isChecked: Bool) {
        self.features = features
        self.input = input
        self.isChecked = isChecked
        homeEnd = input.end(of: TableIndex(0))
    }

    /// The first slot of the subprogram that contains the edit.
    var homeStart: Int { unsafe Int(input.subprograms[TableIndex(home)].start) }

    /// A valid start of an edit, at an anchor or directly after it, or `nil`.
    mutating func start(near anchor: InputIndex) -> InputIndex? {
        var off = max(anchor.position, free, lastOff + 1)
        if off < input.insnCount && input.isSecondSlot(InputIndex(off)) { off += 1 }
        if off > input.insnCount { return nil }
        // An append belongs to the last subprogram.
        while min(off, input.insnCount - 1) >= homeEnd {
            home += 1
            homeEnd = input.end(of: TableIndex(home))
        }
        if off > free {
            hasStanding = true
            isOwed = false
        }
        return InputIndex(off)
    }

    /// Chooses an edit; returns `nil` if the limits of the case allow none.
    mutating func choose(
        at off: InputIndex, before next: Int, _ jumpTargets: borrowing JumpTargetCounts, _ draws: inout Draws
    ) -> PlannedEdit? {
        var bits = draws.bits()
        if off.position == input.insnCount {
            if !features.limits.allowsAppends { return nil }
            return PlannedEdit(end: off, hasPatch: true, skip: bits.chance(features.skip, of: 16))
        }
        let sum = features.patch + features.insert + features.delete + features.replace
        let draw = draws.below(sum)
        let single = unsafe off + input.insns[off].width
        if draw < features.insert {
            return PlannedEdit(end: off, hasPatch: true, skip: bits.chance(features.skip, of: 16), mayLeave: true)
        }
        if draw < features.insert + features.patch { return patch(off, single, bits.chance(features.keep, of: 16)) }
        let isDeletion = draw < features.insert + features.patch + features.delete
        var end = chooseEnd(from: single, before: next, &bits)
        if isDeletion {
            while isChecked {
                // As in a replaced range, targets and starts past the first slot are not allowed.
                let live =
                    features.limits.allowsDeadTargets
                    ? end : replaceable(from: off, single: single, to: end, jumpTargets)
                guard let limit = deletable(from: off, to: live, jumpTargets) else { return patch(off, single, true) }
                if limit == end { break }
                // A shorter range removes fewer jumps, so check it again.
                end = limit
            }
            return PlannedEdit(end: end, hasPatch: false)
        }
        end = replaceable(from: off, single: single, to: end, jumpTargets)
        return end == single ? patch(off, single, bits.chance(features.keep, of: 16)) : patch(off, end, false)
    }

    private func patch(_ off: InputIndex, _ end: InputIndex, _ keeps: Bool) -> PlannedEdit? {
        if end - off > 1 && !features.limits.allow(.range) { return nil }
        let isKept = unsafe keeps && (features.limits.allow(.keepJump) || input.insns[off].jumpKind == .none)
        return PlannedEdit(end: end, hasPatch: true, keeps: isKept, mayLeave: end.position < homeEnd)
    }

    /// Chooses the end of a range: mostly a short one, sometimes up to the next edit or the end of the subprogram,
    /// rarely further.
    private func chooseEnd(from single: InputIndex, before next: Int, _ bits: inout DrawnBits) -> InputIndex {
        var end = single.position
        switch bits.below(8) {
        case 0, 1: break
        case 2: end = max(end, next)
        case 3: end = max(end, min(homeEnd, end + 64))
        case 4: end += 3 + bits.below(32)
        default: end += 1 + bits.below(4)
        }
        let limit = bits.chance(1, of: 16) ? input.insnCount : max(single.position, next)
        end = min(end, limit, input.insnCount)
        // A program at the limit keeps its length, or its jumps would not be far any more.
        if features.isFar { end = min(end, single.position + 7) }
        if end < input.insnCount && input.isSecondSlot(InputIndex(end)) {
            end = end + 1 <= limit ? end + 1 : end - 1
        }
        return InputIndex(max(end, single.position))
    }

    /// The longest range up to `end` that a patch can replace: without subprogram starts and targets past its first
    /// slot.
    private func replaceable(
        from off: InputIndex, single: InputIndex, to end: InputIndex, _ jumpTargets: borrowing JumpTargetCounts
    ) -> InputIndex {
        var limit = InputIndex(min(end.position, homeEnd))
        if !isChecked { return limit }
        let counts = jumpTargets.counts
        // Mostly there is no target inside, and then the removed jumps do not matter.
        if !isTargeted(from: off + 1, to: limit, counts) { return limit }
        while limit > single {
            jumpTargets.removeJumps(from: off, to: limit, of: input)
            var slot = off + 1
            while unsafe slot < limit && counts[slot] == 0 { slot = slot + 1 }
            jumpTargets.restoreJumps(from: off, to: limit, of: input)
            if slot == limit { break }
            // A shorter range removes fewer jumps, so check it again.
            limit = max(slot, single)
        }
        return limit
    }

    /// Returns true if a surviving jump or call lands in a range.
    @inline(__always)
    private func isTargeted(from start: InputIndex, to end: InputIndex, _ counts: UnsafeTypedBuffer<InputIndex, UInt32>)
        -> Bool
    {
        var sum: UInt32 = 0
        var slot = start
        while slot < end {
            unsafe sum |= counts[slot]
            slot = slot + 1
        }
        return sum != 0
    }

    /// The longest range up to `end` whose deletion leaves all jumps with a slot to reach, or `nil`.
    private func deletable(
        from off: InputIndex, to end: InputIndex, _ jumpTargets: borrowing JumpTargetCounts
    ) -> InputIndex? {
        let counts = jumpTargets.counts
        // In the middle of a subprogram, jumps reach the slot after the range.
        if end.position < homeEnd { return end }
        jumpTargets.removeJumps(from: off, to: end, of: input)
        defer { jumpTargets.restoreJumps(from: off, to: end, of: input) }
        var owed = isOwed
        var number = home
        var boundary = homeEnd
        // The last possible end of the range without jumps into the deleted tail of a subprogram.
        var slot = off
        while slot < end {
            owed = unsafe owed || counts[slot] > 0
            slot = slot + 1
            if slot.position == boundary {
                let isAll = slot.position == input.insnCount && off.position == free && !hasStanding
                if owed || isAll {
                    // Keep one instruction for such jumps, or so that the program is not empty.
                    let stop = slot + (input.isSecondSlot(slot + -1) ? -2 : -1)
                    return stop > off ? stop : nil
                }
                number += 1
                if number < input.subprogramCount { boundary = input.end(of: TableIndex(number)) }
            }
        }
        return end
    }

    /// Notes the effect of an edit.
    mutating func finish(_ edit: PlannedEdit, at off: InputIndex, _ jumpTargets: borrowing JumpTargetCounts) {
        lastOff = off.position
        if edit.end == off {
            if off.position < input.insnCount {
                hasStanding = true
                isOwed = false
            }
            free = off.position
            return
        }
        if !edit.keeps { jumpTargets.removeJumps(from: off, to: edit.end, of: input) }
        free = edit.end.position
        let counts = jumpTargets.counts
        let states = jumpTargets.states
        if edit.hasPatch {
            hasStanding = true
            isOwed = false
            for slot in (off.position + 1)..<max(edit.end.position, off.position + 1) {
                unsafe states[InputIndex(slot)] = .nothing
            }
            return
        }
        for slot in off.position..<edit.end.position {
            if slot == homeEnd {
                isOwed = false
                home += 1
                homeEnd = input.end(of: TableIndex(home))
            }
            isOwed = unsafe isOwed || counts[InputIndex(slot)] > 0
            unsafe states[InputIndex(slot)] = .deleted
        }
    }
}
