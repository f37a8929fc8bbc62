import BPF

/// Some slots of the input, a bit each, which says how many of them lie at or before a slot.
///
/// A search in a sorted list of a million slots waits for memory at most of its twenty steps. Here the answer is in two
/// words, and these lie close together for slots that do.
///
/// - Shape: a bit a slot, and for each 64 of them how many are set before
/// - Source: Jacobson, "Space-efficient Static Trees and Graphs", FOCS 1989 (rank)
struct SlotSet: BitwiseCopyable {
    /// Memory for a set, kept for the whole run.
    struct Storage: ~Copyable {
        private var words = RowStorage<UInt64>()
        private var counts = RowStorage<UInt32>()

        /// Makes an empty set for the slots of a program and the one after its last.
        ///
        /// - Complexity: O(slots / 64)
        mutating func makeSet(slots: Int) -> SlotSet {
            let length = slots >> 6 + 1
            words.reserve(length)
            counts.reserve(length)
            let set = SlotSet(words: words.row(), counts: counts.row(), length: length)
            for word in 0..<length { set.words[TableIndex(word)] = 0 }
            return set
        }
    }

    private let words: Row<TableIndex, UInt64>
    /// For each word, how many members those before it have, once the set is sealed.
    private let counts: Row<TableIndex, UInt32>
    private let length: Int

    /// Puts a slot in.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func insert(_ slot: InputIndex) {
        words[TableIndex(rawValue: slot.rawValue >> 6)] |= 1 &<< UInt64(slot.rawValue)
    }

    /// Puts the slots of a range in.
    ///
    /// - Complexity: O(1 + slots / 64)
    @inline(__always)
    func insert(from start: InputIndex, to end: InputIndex) {
        if start >= end { return }
        let last = end + -1
        let low = UInt64.max &<< UInt64(start.rawValue)
        let high = UInt64.max &>> UInt64(63 &- last.rawValue & 63)
        if start.rawValue >> 6 == last.rawValue >> 6 {
            words[TableIndex(rawValue: start.rawValue >> 6)] |= low & high
        } else {
            words[TableIndex(rawValue: start.rawValue >> 6)] |= low
            words[TableIndex(rawValue: last.rawValue >> 6)] |= high
            SlotSet.fill(words, from: start.rawValue >> 6 &+ 1, to: last.rawValue >> 6)
        }
    }

    @inline(never)
    private static func fill(_ words: Row<TableIndex, UInt64>, from start: UInt32, to end: UInt32) {
        for word in start..<end { words[TableIndex(rawValue: word)] = UInt64.max }
    }

    /// Ends the filling, so that members can be counted, and says how many there are.
    ///
    /// - Complexity: O(slots / 64)
    @discardableResult
    func seal() -> Int {
        var count = 0
        for word in 0..<length {
            counts[TableIndex(word)] = UInt32(truncatingIfNeeded: count)
            count &+= words[TableIndex(word)].nonzeroBitCount
        }
        return count
    }

    /// 1 for a member, else 0.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func member(_ slot: InputIndex) -> Int {
        Int(truncatingIfNeeded: words[TableIndex(rawValue: slot.rawValue >> 6)] &>> UInt64(slot.rawValue)) & 1
    }

    /// How many members of the sealed set lie at or before a slot.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    func count(through slot: InputIndex) -> Int {
        let word = TableIndex(rawValue: slot.rawValue >> 6)
        let bits = words[word] &<< UInt64(63 &- slot.rawValue & 63)
        return Int(counts[word]) &+ bits.nonzeroBitCount
    }
}
