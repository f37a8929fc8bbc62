extension Row where Element == Instruction {
    /// The eight bytes of the instruction at `index`, read as a little-endian number.
    ///
    /// One load, where the fields of an instruction that is both looked at and copied are loaded and stored one by one.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func bits(at index: Index) -> UInt64 {
        assert(index.position < capacity, "index \(index.position) beyond a row of \(capacity)")
        return unsafe UInt64(
            littleEndian: UnsafeRawPointer(base + index.position).loadUnaligned(as: UInt64.self))
    }

    /// Replaces the instruction at `index` by eight bytes, given as a little-endian number.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func setBits(_ bits: UInt64, at index: Index) {
        assert(index.position < capacity, "index \(index.position) beyond a row of \(capacity)")
        unsafe UnsafeMutableRawPointer(base + index.position).storeBytes(of: bits.littleEndian, as: UInt64.self)
    }
}
