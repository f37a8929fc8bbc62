import BPF

extension GapArray {
    /// Where a jump or call to a slot of the input lands, or a negative number when nothing stands for it.
    ///
    /// - Complexity: O(1), amortised over the deletions for a deleted slot, plus O(log subprograms) for it
    @inline(__always)
    func landing(of target: InputIndex, isCall: Bool) -> Int {
        let count = edits.starts.count(through: target)
        if edits.holes.member(target) != 0 { return landing(of: target, number: count &- 1, isCall: isCall) }
        // What an edit at the target brings stands in its place; only what lies behind has moved.
        let before = count &- edits.starts.member(target)
        return target.position &+ Int(edits.deltas[TableIndex(rawValue: UInt32(truncatingIfNeeded: before))])
    }

    /// Where a jump or call lands that a given edit is the last to start at or before.
    @inline(never)
    private func landing(of target: InputIndex, number first: Int, isCall: Bool) -> Int {
        var number = first
        var place = target
        if patches.pass.edits[TableIndex(first)].isDeletion {
            let last = lastDeletion(from: first)
            place = patches.pass.edits[TableIndex(last)].end
            if place.position >= patches.input.end(of: patches.input.subprogram(holding: target)) { return -1 }
            number = last + 1
        }
        let landing = place.position + Int(edits.deltas[TableIndex(number)])
        if number == patches.pass.editCount { return landing }
        let edit = patches.pass.edits[TableIndex(number)]
        if edit.off > place { return landing }
        // Past the first slot nothing stands for what a patch has replaced.
        if edit.off < place { return -1 }
        return edit.skip && !isCall ? landing + Int(edit.patchCount) : landing
    }

    /// The last of the deletions that stand side by side from a given one on.
    ///
    /// - Complexity: O(1), amortised over the deletions: those that were walked over once are jumped over later
    private func lastDeletion(from first: Int) -> Int {
        var last = first
        while true {
            let known = Int(edits.runs[TableIndex(last)])
            if known > last {
                last = known
                continue
            }
            let next = last + 1
            if next == patches.pass.editCount { break }
            let edit = patches.pass.edits[TableIndex(next)]
            if !edit.isDeletion || edit.off != patches.pass.edits[TableIndex(last)].end { break }
            last = next
        }
        var number = first
        while number < last {
            let next = max(Int(edits.runs[TableIndex(number)]), number + 1)
            edits.runs[TableIndex(number)] = UInt32(last)
            number = next
        }
        return last
    }
}
