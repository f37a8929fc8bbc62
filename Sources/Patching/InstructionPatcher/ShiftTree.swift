import BPF

/// The distances that the slots of a program have moved, as prefix sums with queries and updates in any order.
///
/// - Source: Fenwick, 1994 ("A new data structure for cumulative frequency tables")
struct ShiftTree: ~Copyable {
    /// The sum of the growth of the `lowest set bit of n` slots before slot n.
    private var sums = Scratch<Int32>()
    private var count = 0
    /// True if the tree holds the growth of the slots; it is built for the first query.
    private(set) var isBuilt = false

    /// Discards the tree.
    mutating func clear() { isBuilt = false }

    /// Builds the tree from the growth of all slots.
    ///
    /// - Complexity: O(slots)
    mutating func build(from slots: UnsafeTypedBuffer<InputIndex, SlotState>, count: Int) {
        self.count = count
        sums.reserve(count + 1)
        let sums = sums.buffer(as: TableIndex.self)
        unsafe sums[TableIndex(0)] = 0
        for slot in 0..<count { unsafe sums[TableIndex(slot + 1)] = slots[InputIndex(slot)].growth }
        for number in 1..<(count + 1) {
            let parent = number + (number & -number)
            if parent <= count { unsafe sums[TableIndex(parent)] += sums[TableIndex(number)] }
        }
        isBuilt = true
    }

    /// Adds to the growth of a slot.
    ///
    /// - Complexity: O(log slots)
    func add(_ growth: Int32, at slot: InputIndex) {
        let sums = sums.buffer(as: TableIndex.self)
        var number = slot.position + 1
        while number <= count {
            unsafe sums[TableIndex(number)] += growth
            number += number & -number
        }
    }

    /// The growth of all code before a slot.
    ///
    /// - Complexity: O(log slots)
    func shift(of slot: InputIndex) -> Int {
        let sums = sums.buffer(as: TableIndex.self)
        var number = slot.position
        var sum = 0
        while number > 0 {
            unsafe sum += Int(sums[TableIndex(number)])
            number &= number - 1
        }
        return sum
    }
}
