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

        /// Makes an empty list for a pass.
        ///
        /// - Complexity: O(slots / 64)
        mutating func makeList(_ patches: PatchWriter) -> DeferredEdits {
            deltas.reserve(patches.pass.editCount + 1)
            let slots = patches.input.insnCount
            return DeferredEdits(
                pass: patches.pass, input: patches.input, starts: starts.makeSet(slots: slots),
                holes: holes.makeSet(slots: slots), deltas: deltas.row())
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

    private init(
        pass: PassImage, input: ProgramImage<InputIndex>, starts: SlotSet, holes: SlotSet,
        deltas: Row<TableIndex, Int32>
    ) {
        self.pass = pass
        self.input = input
        self.starts = starts
        self.holes = holes
        self.deltas = deltas
    }

    /// Puts an edit at the end of the list; the slots for which nothing stands are put into ``holes`` beside it.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func remember(_ edit: EditRecord, number: Int) {
        starts.insert(edit.off)
        deltas[TableIndex(rawValue: UInt32(truncatingIfNeeded: number &+ 1))] = Int32(truncatingIfNeeded: edit.growth)
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
    /// - Complexity: O(1), but O(deletions from there to what stands) for a deleted slot
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
        let end = input.end(of: input.subprogram(holding: target))
        var number = first
        var place = target.position
        while number < pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            if edit.off.position > place { break }
            if !edit.isDeletion {
                // Past the first slot nothing stands for what a patch has replaced.
                if edit.off.position != place { return -1 }
                let skipped = edit.skip && !isCall ? Int(edit.patchCount) : 0
                return place + Int(deltas[TableIndex(number)]) + skipped
            }
            place = edit.end.position
            if place >= end { return -1 }
            number += 1
        }
        return place + Int(deltas[TableIndex(number)])
    }
}
