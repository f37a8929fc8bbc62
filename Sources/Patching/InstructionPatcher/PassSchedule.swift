import BPF

/// Pending edits, sorted by pass and within a pass by start.
struct PassSchedule: ~Copyable {
    private static let nothing = UInt32.max

    /// The numbers of the edits, pass by pass.
    private var orderStorage = Scratch<UInt32>()
    /// The start of each pass in the order, and the end.
    private var startStorage = Scratch<UInt32>()
    private var slotStorage = Scratch<UInt32>()
    private var recordStorage = Scratch<EditRecord>()
    private var first = 0

    /// The numbers of edits by rank.
    typealias Order = UnsafeTypedBuffer<TableIndex, UInt32>

    /// The edits of all passes, pass by pass.
    var order: Order { orderStorage.buffer() }

    /// Memory for the records of the next pass.
    mutating func records(count: Int) -> UnsafeTypedBuffer<TableIndex, EditRecord> {
        recordStorage.reserve(count)
        return recordStorage.buffer()
    }

    /// The ranks of a pass's edits in ``order``.
    func ranks(of pass: Int) -> Range<Int> {
        let starts = startStorage.buffer(as: TableIndex.self)
        let number = TableIndex(pass - first)
        return unsafe Int(starts[number])..<Int(starts[number + 1])
    }

    /// Sorts edits by pass, and keeps the order of the calls within a pass.
    ///
    /// - Complexity: O(edits + passes)
    /// - Source: Knuth, The Art of Computer Programming, volume 3, algorithm 5.2D (distribution counting)
    mutating func sort(
        _ notes: UnsafeTypedBuffer<TableIndex, InstructionPatcher.EditNote>, count: Int, passes: ClosedRange<Int>
    ) {
        first = passes.lowerBound
        orderStorage.reserve(count)
        startStorage.reserve(passes.count + 1)
        let order = orderStorage.buffer(as: TableIndex.self)
        let starts = startStorage.buffer(as: TableIndex.self)
        unsafe starts.fill(passes.count + 1, from: TableIndex(0), with: 0)
        for edit in 0..<count { unsafe starts[TableIndex(Int(notes[TableIndex(edit)].pass) - first)] += 1 }
        var sum: UInt32 = 0
        for number in 0...passes.count {
            unsafe sum += starts[TableIndex(number)]
            unsafe starts[TableIndex(number)] = sum
        }
        // Each start is the end of its pass now, and moves back to the beginning.
        for edit in stride(from: count - 1, through: 0, by: -1) {
            let number = unsafe TableIndex(Int(notes[TableIndex(edit)].pass) - first)
            unsafe starts[number] -= 1
            unsafe order[TableIndex(rawValue: starts[number])] = UInt32(edit)
        }
    }

    /// Sorts the edits of a pass by start; no two of one pass start at one slot.
    ///
    /// - Complexity: O(edits of the pass), and O(slots) if they were made in another order
    mutating func sort(_ ranks: Range<Int>, by edits: UnsafeTypedBuffer<TableIndex, EditRecord>, slotCount: Int) {
        let order = orderStorage.buffer(as: TableIndex.self)
        func off(_ rank: Int) -> InputIndex { unsafe edits[TableIndex(rawValue: order[TableIndex(rank)])].off }
        if ranks.dropFirst().allSatisfy({ off($0 - 1) < off($0) }) { return }
        slotStorage.reserve(slotCount + 1)
        let slots = slotStorage.buffer(as: InputIndex.self)
        unsafe slots.fill(slotCount + 1, from: InputIndex(0), with: PassSchedule.nothing)
        for rank in ranks { unsafe slots[off(rank)] = order[TableIndex(rank)] }
        var rank = ranks.lowerBound
        for slot in 0...slotCount where unsafe slots[InputIndex(slot)] != PassSchedule.nothing {
            unsafe order[TableIndex(rank)] = slots[InputIndex(slot)]
            rank += 1
        }
    }
}
