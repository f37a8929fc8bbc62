extension Row where Element == Instruction {
    /// Copies the first `count` slots of another row to the front of this one, two at a time, sets as many words of a third
    /// row to 0, and says whether there may be jumps among the slots.
    ///
    /// Patches are too short for `memcpy`, and looking at every slot by itself would cost more than copying it.
    ///
    /// - Returns: not 0 where there are instructions of the classes of jumps, calls and exits
    /// - Complexity: O(count)
    @inlinable @inline(__always)
    public func copyPatch(
        from row: Row<Index, Instruction>, count: UInt32, clearing words: Row<Index, UInt32>
    ) -> UInt64 {
        assert(Int(count) <= row.capacity && Int(count) <= capacity && Int(count) <= words.capacity)
        var classes = SIMD2<UInt64>()
        var at = 0
        let end = Int(count)
        while at &+ 4 <= end {
            classes |= unsafe copyPair(from: row, at: at)
            classes |= unsafe copyPair(from: row, at: at &+ 2)
            unsafe UnsafeMutableRawPointer(words.base + at).storeBytes(of: .zero, as: SIMD2<UInt64>.self)
            at &+= 4
        }
        if end & 2 != 0 {
            classes |= unsafe copyPair(from: row, at: at)
            unsafe UnsafeMutableRawPointer(words.base + at).storeBytes(of: 0, as: UInt64.self)
            at &+= 2
        }
        if end & 1 != 0 {
            let insn = unsafe row.base[at]
            unsafe base[at] = insn
            unsafe words.base[at] = 0
            classes |= SIMD2(repeating: insn.bits).jumpClasses
        }
        return (classes[0] | classes[1]) & 8
    }

    /// Copies two slots to the same place of this row and gives their ``Swift/SIMD2/jumpClasses``.
    @unsafe @inlinable @inline(__always)
    func copyPair(from row: Row<Index, Instruction>, at position: Int) -> SIMD2<UInt64> {
        let pair = unsafe UnsafeRawPointer(row.base + position).loadUnaligned(as: SIMD2<UInt64>.self)
        unsafe UnsafeMutableRawPointer(base + position).storeBytes(of: pair, as: SIMD2<UInt64>.self)
        return pair.jumpClasses
    }
}

extension SIMD2<UInt64> {
    /// For the words of two instructions: bit 3 of a lane is set where the class is that of jumps, calls and exits; what the
    /// other bits hold means nothing.
    @inlinable @inline(__always)
    var jumpClasses: SIMD2<UInt64> {
        // Of the eight classes only 5 and 6 have both upper bits set once they are one higher.
        (self &+ SIMD2(repeating: 1)) & SIMD2(repeating: 6) &+ SIMD2(repeating: 2)
    }
}
