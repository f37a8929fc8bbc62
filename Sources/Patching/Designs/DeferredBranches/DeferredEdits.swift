import BPF

/// The list of edits that have been carried out and to which branches have yet to be adjusted.
///
/// Offset, count and delta of an edit stand apart. Where edits start, and what they leave nothing standing for, are bits, one
/// for each slot of the input, so that the edits before a slot are counted rather than searched for; a delta is a number
/// for each edit.
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
                starts: starts.makeSet(slots: slots), holes: holes.makeSet(slots: slots), deltas: deltas.row(),
                runs: runs.row())
        }
    }

    /// Where edits start.
    let starts: SlotSet
    /// The slots for which something else stands than the deltas say: deleted, replaced past the first, or behind code that
    /// jumps skip.
    let holes: SlotSet
    /// By how much each edit has made the program longer; once the list is closed, by how much all up to it have. Nothing
    /// comes first.
    let deltas: Row<TableIndex, Int32>
    /// For each deletion, one further on to which a run of deletions side by side is known to reach, if any.
    let runs: Row<TableIndex, UInt32>

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
    /// - Parameter count: how many edits are in it
    /// - Complexity: O(edits + slots / 64)
    func close(count: Int) {
        starts.seal()
        deltas[TableIndex(0)] = 0
        var sum: Int32 = 0
        for number in 0..<count {
            let edit = TableIndex(rawValue: UInt32(truncatingIfNeeded: number &+ 1))
            sum &+= deltas[edit]
            deltas[edit] = sum
        }
    }
}
