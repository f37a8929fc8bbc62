import BPF

/// The sorted array of ``DeltaArray``: for each edit where it starts, and by how much what is in front of it has moved.
struct DeltaRecord: LandingRecord {
    /// One edit, besides where it starts.
    struct Delta: BitwiseCopyable {
        /// Before which slot jumps land otherwise than by `shift`; where the edit starts if there are none.
        var end: InputIndex
        /// The sum of the growth of all edits before this one; wraps.
        var shift: UInt32
    }

    /// Memory of an array, kept for the whole run.
    struct Storage: ~Copyable {
        private var offs = RowStorage<UInt32>()
        private var deltas = RowStorage<Delta>()

        /// An empty array for a program and a pass, with room for one row before all edits and one behind them.
        mutating func makeRecord(_ input: ProgramImage<InputIndex>, _ pass: PassImage) -> DeltaRecord {
            offs.reserve(pass.editCount + 2)
            deltas.reserve(pass.editCount + 2)
            return DeltaRecord(pass: pass, input: input, offs: offs.row(), deltas: deltas.row())
        }
    }

    /// Up to how many rows all are searched: as many steps for one jump as for another, which is easy to predict.
    private static let few = 64

    private let pass: PassImage
    private let input: ProgramImage<InputIndex>
    /// Where each edit starts, behind a row for no edit; all that a search looks at.
    private let offs: Row<TableIndex, UInt32>
    private let deltas: Row<TableIndex, Delta>
    /// How many rows there are to search.
    private var count = 1
    private var limit = InputIndex(0)

    private init(
        pass: PassImage, input: ProgramImage<InputIndex>, offs: Row<TableIndex, UInt32>,
        deltas: Row<TableIndex, Delta>
    ) {
        self.pass = pass
        self.input = input
        self.offs = offs
        self.deltas = deltas
        offs[TableIndex(0)] = 0
        deltas[TableIndex(0)] = Delta(end: InputIndex(0), shift: 0)
    }

    // MARK: Collecting

    @inline(__always)
    mutating func stand(_ slot: InputIndex, at place: OutputIndex) {}

    @inline(__always)
    mutating func replaceSlot(_ slot: InputIndex, _ number: TableIndex, at place: OutputIndex) {
        add(number, slot, until: slot, at: place)
    }

    @inline(__always)
    mutating func replace(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex) {
        add(number, edit.off, until: edit.remove > 1 ? edit.end : edit.off, at: place)
    }

    @inline(__always)
    mutating func insert(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex) {
        add(number, edit.off, until: edit.off + Int(edit.skipFlag), at: place)
    }

    @inline(__always)
    mutating func delete(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex) {
        add(number, edit.off, until: edit.end, at: place)
    }

    /// Puts an edit at the end of the array.
    @inline(__always)
    private func add(_ number: TableIndex, _ off: InputIndex, until end: InputIndex, at place: OutputIndex) {
        let row = number + 1
        offs[row] = off.rawValue
        deltas[row] = Delta(end: end, shift: place.rawValue &- off.rawValue)
    }

    // MARK: Look-ups

    @inline(__always)
    mutating func ask(before limit: InputIndex, count: Int) {
        self.limit = limit
        var last = count
        // Nothing can land on or behind code that is appended.
        if last > 0 && pass.edits[TableIndex(last - 1)].off >= limit { last -= 1 }
        var growth: UInt32 = 0
        if last > 0 {
            let edit = pass.edits[TableIndex(last - 1)]
            growth = edit.patchCount &- edit.remove
        }
        // What is behind the last edit has moved by its growth as well.
        deltas[TableIndex(last + 1)].shift = deltas[TableIndex(last)].shift &+ growth
        self.count = last + 1
    }

    @inline(__always)
    func landing(of target: InputIndex, isCall: Bool) -> UInt32 {
        let row = lastRow(at: target)
        let delta = deltas[row]
        if target < delta.end { return landing(of: target, in: row, isCall: isCall) }
        // What is behind the start of an edit has moved as the next edit.
        let isBehind = offs[row] < target.rawValue ? 1 : 0
        return target.rawValue &+ deltas[row + isBehind].shift
    }

    /// The last row that starts at or before a slot.
    ///
    /// No two edits start at one slot, so there are no more of them between the target and the last as there are slots.
    ///
    /// - Complexity: O(log(edits)), and O(log(distance from the last row))
    @inline(__always)
    private func lastRow(at target: InputIndex) -> TableIndex {
        var length = count
        if length > DeltaRecord.few { length = min(length, limit - target + 1) }
        var low = count &- length
        while length > 1 {
            let half = length &>> 1
            // All bits are set where the middle is at or before the target: what is as good as random is no branch.
            let isBefore = (Int(offs[TableIndex(low &+ half)]) &- target.position &- 1) &>> 63
            low &+= half & isBefore
            length &-= half
        }
        return TableIndex(low)
    }

    /// Where a jump lands that reaches for the inside of a replaced or deleted range, or for code that jumps skip.
    @inline(never)
    private func landing(of target: InputIndex, in row: TableIndex, isCall: Bool) -> UInt32 {
        var shift = deltas[row].shift
        var edit = pass.edits[row + -1]
        if !edit.isDeletion {
            if edit.isInsertion { return target.rawValue &+ shift &+ (isCall ? 0 : edit.patchCount) }
            return target == edit.off ? target.rawValue &+ shift : DeltaRecord.nothing
        }
        // The first thing behind deletions side by side stands for them, if it is in the same subprogram.
        let home = input.end(of: input.subprogram(holding: target))
        var next = row
        while edit.end.position < home {
            let end = edit.end
            shift = shift &- edit.remove
            if next.position == pass.editCount { return end.rawValue &+ shift }
            edit = pass.edits[next]
            if edit.off != end { return end.rawValue &+ shift }
            if !edit.isDeletion {
                return end.rawValue &+ shift &+ (edit.skip && !isCall ? edit.patchCount : 0)
            }
            next = next + 1
        }
        return DeltaRecord.nothing
    }
}
