extension UnsafeTypedBuffer where Element == Instruction {
    /// How many instructions ``areAlike(from:)`` compares.
    @inlinable
    public static var alikeCount: Int { 64 }

    /// True if 64 instructions have the same code and registers, so that one shows the kind of all.
    ///
    /// Long programs of a campaign are mostly one instruction over and over; a comparison of whole vectors costs a fraction
    /// of a look at each.
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
