import BPF

/// A set of input slots that counts its members at or before a slot.
///
/// A binary search among a million slots misses the cache at most of its twenty steps. A count here reads two words,
/// which are close together for nearby slots.
///
/// - Shape: a bit for each slot, and for each word of 64 bits the number of members before it
/// - Source: Jacobson, "Space-efficient Static Trees and Graphs", FOCS 1989 (rank)
struct SlotSet: BitwiseCopyable {
    /// Memory for a set, kept for the whole run.
    struct Storage: ~Copyable {
        private var words = Scratch<UInt64>()
        private var counts = Scratch<UInt32>()

        /// Makes an empty set for the slots of a program and the one after its last.
        ///
        /// - Complexity: O(slots / 64)
        mutating func makeSet(slots: Int) -> SlotSet {
            let length = slots >> 6 + 1
            words.reserve(length)
            counts.reserve(length)
            let set = SlotSet(words: words.buffer(), counts: counts.buffer(), length: length)
            for word in 0..<length { unsafe set.words[TableIndex(word)] = 0 }
            return set
        }
    }

    private let words: UnsafeTypedBuffer<TableIndex, UInt64>
    /// For each word of a sealed set, the number of members before it.
    private let counts: UnsafeTypedBuffer<TableIndex, UInt32>
    private let length: Int

    /// Adds a slot.
    ///
    /// - Complexity: O(1)
    @unsafe @inline(__always)
    func insert(_ slot: InputIndex) {
        unsafe words[TableIndex(rawValue: slot.rawValue >> 6)] |= 1 &<< UInt64(slot.rawValue)
    }

    /// Ends the filling, so that members can be counted, and returns their number.
    ///
    /// - Complexity: O(slots / 64)
    @discardableResult
    func seal() -> Int {
        var count = 0
        for word in 0..<length {
            unsafe counts[TableIndex(word)] = UInt32(truncatingIfNeeded: count)
            unsafe count &+= words[TableIndex(word)].nonzeroBitCount
        }
        return count
    }

    /// 1 for a member, else 0.
    ///
    /// - Complexity: O(1)
    @unsafe @inline(__always)
    func member(_ slot: InputIndex) -> Int {
        unsafe Int(truncatingIfNeeded: words[TableIndex(rawValue: slot.rawValue >> 6)] &>> UInt64(slot.rawValue)) & 1
    }

    /// The number of members of the sealed set at or before a slot.
    ///
    /// - Complexity: O(1)
    @unsafe @inline(__always)
    func count(through slot: InputIndex) -> Int {
        let word = TableIndex(rawValue: slot.rawValue >> 6)
        let bits = unsafe words[word] &<< UInt64(63 &- slot.rawValue & 63)
        return unsafe Int(counts[word]) &+ bits.nonzeroBitCount
    }
}
