extension UnsafeTypedBuffer where Element == Instruction {
    /// The number of instructions that ``areAlike(from:)`` compares.
    @inlinable
    public static var alikeCount: Int { 64 }

    /// Returns true if 64 instructions have the same code and registers, so that all have the jump kind of the first.
    ///
    /// The long programs of a campaign mostly repeat one instruction. Comparing vectors is much cheaper than testing
    /// each slot.
    ///
    /// - Parameter start: the first of ``alikeCount`` instructions
    /// - Complexity: O(1)
    @unsafe @inlinable @inline(__always)
    public func areAlike(from start: Index) -> Bool {
        typealias Block = SIMD8<UInt64>
        assert(start.position + Self.alikeCount <= capacity)
        let first = unsafe Block(repeating: self[start].bits)
        var difference = Block()
        for number in 0..<8 {
            difference |= unsafe word(at: start.position &* 8 &+ number &* 64, as: Block.self) ^ first
        }
        let half = difference.lowHalf | difference.highHalf
        let pair = half.lowHalf | half.highHalf
        return (pair[0] | pair[1]) & 0xffff == 0
    }
}
