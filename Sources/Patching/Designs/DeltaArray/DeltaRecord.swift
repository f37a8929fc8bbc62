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
            offs.reserve(max(pass.editCount + 2, few))
            deltas.reserve(pass.editCount + 2)
            return DeltaRecord(offs: offs.row(), deltas: deltas.row())
        }
    }

    /// Up to how many rows as many are searched always, so that one search takes as many steps as the other.
    private static let few = 16

    /// Where each edit starts, behind a row for no edit; all that a search looks at.
    private let offs: Row<TableIndex, UInt32>
    private let deltas: Row<TableIndex, Delta>
    /// How many rows there are to search.
    private var count = 1
    private var limit = InputIndex(0)

    private init(
        offs: Row<TableIndex, UInt32>,
        deltas: Row<TableIndex, Delta>
    ) {
        self.offs = offs
        self.deltas = deltas
        offs.fill(DeltaRecord.few, from: TableIndex(0), with: UInt32.max)
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
    mutating func delete(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex, in source: EditedProgram) {
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
    mutating func ask(before limit: InputIndex, count: Int, in source: EditedProgram) {
        self.limit = limit
        var last = count
        // Nothing can land on or behind code that is appended.
        if last > 0 && source.pass.edits[TableIndex(last - 1)].off >= limit { last -= 1 }
        var growth: UInt32 = 0
        if last > 0 {
            let edit = source.pass.edits[TableIndex(last - 1)]
            growth = edit.patchCount &- edit.remove
        }
        // What is behind the last edit has moved by its growth as well.
        deltas[TableIndex(last + 1)].shift = deltas[TableIndex(last)].shift &+ growth
        self.count = max(last + 1, DeltaRecord.few)
    }

    @inline(__always)
    func landing(of target: InputIndex, isCall: Bool, in source: EditedProgram) -> UInt32 {
        let row = lastRow(at: target)
        let delta = deltas[row]
        if target < delta.end { return landing(of: target, in: row, isCall: isCall, in: source) }
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
        // Either of two windows that overlap, so that each step from here on halves a power of two.
        var step = (Int.bitWidth &- 1) &- length.leadingZeroBitCount
        let spare = length &- 1 &<< step
        var low = count &- length
        low &+= isBefore(low &+ spare, target) &* spare
        while step > 0 {
            step &-= 1
            // Shifted and added in any case: what is as good as random is no branch.
            low &+= isBefore(low &+ 1 &<< step, target) &<< step
        }
        return TableIndex(low)
    }

    /// 1 if a row starts at or before a slot, else 0.
    @inline(__always)
    private func isBefore(_ row: Int, _ target: InputIndex) -> Int {
        offs[TableIndex(row)] <= target.rawValue ? 1 : 0
    }

    /// Where a jump lands that reaches for the inside of a replaced or deleted range, or for code that jumps skip.
    @inline(__always)
    private func landing(of target: InputIndex, in row: TableIndex, isCall: Bool, in source: EditedProgram) -> UInt32 {
        var shift = deltas[row].shift
        var edit = source.pass.edits[row + -1]
        if !edit.isDeletion {
            if edit.isInsertion { return target.rawValue &+ shift &+ (isCall ? 0 : edit.patchCount) }
            return target == edit.off ? target.rawValue &+ shift : DeltaRecord.nothing
        }
        // The first thing behind deletions side by side stands for them, if it is in the same subprogram.
        let home = source.input.end(of: source.input.subprogram(holding: target))
        var next = row
        while edit.end.position < home {
            let end = edit.end
            shift = shift &- edit.remove
            if next.position == source.pass.editCount { return end.rawValue &+ shift }
            edit = source.pass.edits[next]
            if edit.off != end { return end.rawValue &+ shift }
            if !edit.isDeletion {
                return end.rawValue &+ shift &+ (edit.skip && !isCall ? edit.patchCount : 0)
            }
            next = next + 1
        }
        return DeltaRecord.nothing
    }
}
