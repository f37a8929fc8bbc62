extension Row where Element == Instruction {
    /// How many instructions ``isPlain(from:)`` looks at.
    @inlinable
    public static var scanned: Int { 64 }

    /// True if none of 64 instructions is a jump, a call or a slot of a wide load, which their classes alone show.
    ///
    /// In the programs that are long, most are plain, and a scan of whole vectors costs a fraction of a look at each.
    ///
    /// - Parameter start: the first of ``scanned`` instructions
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func isPlain(from start: Index) -> Bool {
        typealias Block = SIMD8<UInt64>
        assert(start.position + Self.scanned <= capacity)
        var found = Block()
        for number in 0..<8 {
            let insns = unsafe word(at: start.position &* 8 &+ number &* 64, as: Block.self)
            let (half, quarter) = (insns &>> 1, insns &>> 2)
            // The lowest bit of each: of the eight classes, 5 and 6 have the upper bit and one of the others, and 0 has none.
            found |= quarter & (insns ^ half) | ~(insns | half | quarter)
        }
        let half = found.lowHalf | found.highHalf
        let pair = half.lowHalf | half.highHalf
        return (pair[0] | pair[1]) & 1 == 0
    }
}
