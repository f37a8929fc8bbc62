extension Row where Element == Instruction {
    /// The eight bytes of the instruction at `index` as one number: ``Instruction/bits``, as the layout is little-endian.
    ///
    /// One load, where an instruction that is both looked at and copied is loaded and stored field by field.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func bits(at index: Index) -> UInt64 {
        assert(index.position < capacity, "index \(index.position) beyond a row of \(capacity)")
        return unsafe UnsafeRawPointer(base + index.position).loadUnaligned(as: UInt64.self)
    }

    /// Replaces the instruction at `index` by one that is given as a number.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func setBits(_ bits: UInt64, at index: Index) {
        assert(index.position < capacity, "index \(index.position) beyond a row of \(capacity)")
        unsafe UnsafeMutableRawPointer(base + index.position).storeBytes(of: bits, as: UInt64.self)
    }
}
