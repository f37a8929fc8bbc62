import BPF

/// The list of edits that have been carried out and to which branches have yet to be adjusted.
///
/// Offset, count and delta of an edit stand apart. Offsets and counts are bits, one for each slot of the input, so that the
/// edits before a slot are counted rather than searched for; a delta is a number for each edit.
struct DeferredEdits {
    /// Memory for the list, kept for the whole run.
    struct Storage: ~Copyable {
        private var starts = SlotSet.Storage()
        private var holes = SlotSet.Storage()
        private var deltas = RowStorage<Int32>()
        private var runs = RowStorage<UInt32>()

        /// Makes an empty list for a pass.
        ///
        /// - Complexity: O(slots / 64)
        mutating func makeList(_ patches: PatchWriter) -> DeferredEdits {
            deltas.reserve(patches.pass.editCount + 1)
            runs.reserve(patches.pass.editCount)
            let slots = patches.input.insnCount
            return DeferredEdits(
                pass: patches.pass, input: patches.input, starts: starts.makeSet(slots: slots),
                holes: holes.makeSet(slots: slots), deltas: deltas.row(), runs: runs.row())
        }
    }

    private let pass: PassImage
    private let input: ProgramImage<InputIndex>
    /// Where edits start.
    let starts: SlotSet
    /// The slots for which something else stands than the deltas say: deleted, replaced past the first, or behind code that
    /// jumps skip.
    let holes: SlotSet
    /// By how much each edit has made the program longer; once the list is closed, by how much all up to it have. Nothing
    /// comes first.
    private let deltas: Row<TableIndex, Int32>
    /// For each deletion, one further on to which a run of deletions side by side is known to reach, if any.
    private let runs: Row<TableIndex, UInt32>

    /// Puts an edit at the end of the list.
    ///
    /// Slots of a patch's range for which nothing stands, and those that jumps skip code to reach, are put into ``holes``
    /// beside it.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func remember(_ edit: EditRecord, number: Int) {
        starts.insert(edit.off)
        deltas[TableIndex(rawValue: UInt32(truncatingIfNeeded: number &+ 1))] = Int32(truncatingIfNeeded: edit.growth)
    }

    /// Notes that nothing stands any more for what a deletion removes.
    ///
    /// - Complexity: O(1 + slots / 64)
    @inline(__always)
    func forget(_ edit: EditRecord, number: Int) {
        holes.insert(from: edit.off, to: edit.end)
        runs[TableIndex(rawValue: UInt32(truncatingIfNeeded: number))] = 0
    }

    /// Ends the list, so that landings can be looked up.
    ///
    /// - Complexity: O(edits + slots / 64)
    func close() {
        starts.seal()
        deltas[TableIndex(0)] = 0
        var sum: Int32 = 0
        for number in 0..<pass.editCount {
            let edit = TableIndex(rawValue: UInt32(truncatingIfNeeded: number &+ 1))
            sum &+= deltas[edit]
            deltas[edit] = sum
        }
    }

    /// Where a jump or call to a slot of the input lands, or a negative number when nothing stands for it.
    ///
    /// - Complexity: O(1), amortised over the deletions for a deleted slot, plus O(log subprograms) for it
    @inline(__always)
    func landing(of target: InputIndex, isCall: Bool) -> Int {
        let count = starts.count(through: target)
        if holes.member(target) != 0 { return landing(of: target, number: count &- 1, isCall: isCall) }
        // What an edit at the target brings stands in its place; only what lies behind has moved.
        let before = count &- starts.member(target)
        return target.position &+ Int(deltas[TableIndex(rawValue: UInt32(truncatingIfNeeded: before))])
    }

    /// Where a jump or call lands that a given edit is the last to start at or before.
    @inline(never)
    private func landing(of target: InputIndex, number first: Int, isCall: Bool) -> Int {
        var number = first
        var place = target
        if pass.edits[TableIndex(first)].isDeletion {
            let last = lastDeletion(from: first)
            place = pass.edits[TableIndex(last)].end
            if place.position >= input.end(of: input.subprogram(holding: target)) { return -1 }
            number = last + 1
        }
        let landing = place.position + Int(deltas[TableIndex(number)])
        if number == pass.editCount { return landing }
        let edit = pass.edits[TableIndex(number)]
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
            let known = Int(runs[TableIndex(last)])
            if known > last {
                last = known
                continue
            }
            let next = last + 1
            if next == pass.editCount { break }
            let edit = pass.edits[TableIndex(next)]
            if !edit.isDeletion || edit.off != pass.edits[TableIndex(last)].end { break }
            last = next
        }
        var number = first
        while number < last {
            let next = max(Int(runs[TableIndex(number)]), number + 1)
            runs[TableIndex(number)] = UInt32(last)
            number = next
        }
        return last
    }
}
