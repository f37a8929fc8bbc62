import BPF

/// Where a generator's choices come from: a number or a byte string, and nothing else.
///
/// The same source gives the same choices on every machine, so a case is a pure function of it.
public struct Entropy: Sendable {
    @usableFromInline var state: UInt64
    @usableFromInline let bytes: [UInt8]
    @usableFromInline var cursor: Int
    @usableFromInline let isBytes: Bool

    /// Draws from a generator started by the campaign's seed and the index of a case.
    ///
    /// - Source: Vigna's SplitMix64 finaliser for the start, Wang's wyrand for the draws
    public init(seed: UInt64, index: UInt64) {
        state = Self.mix(Self.mix(seed &+ 0x9e37_79b9_7f4a_7c15) ^ index)
        bytes = []
        cursor = 0
        isBytes = false
    }

    /// Draws from a byte string, as a fuzzing engine gives it; when it is used up, every draw is 0.
    public init(bytes: [UInt8]) {
        state = 0
        self.bytes = bytes
        cursor = 0
        isBytes = true
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// The next 64 bits.
    @inlinable @inline(__always)
    public mutating func next() -> UInt64 {
        if isBytes { return nextBytes(8) }
        state &+= 0xa076_1d64_78bd_642f
        let (high, low) = state.multipliedFullWidth(by: state ^ 0xe703_7ed1_a0b4_28db)
        return high ^ low
    }

    /// A number from 0 up to, and without, `bound`, which must be positive and fit 32 bits.
    @inlinable @inline(__always)
    public mutating func below(_ bound: Int) -> Int {
        assert(bound > 0 && bound <= Int(UInt32.max))
        if isBytes {
            // An engine's mutations stay local when a draw takes no more bytes than its range needs.
            return Int(nextBytes(bound <= 256 ? 1 : bound <= 65536 ? 2 : 4) % UInt64(bound))
        }
        return Entropy.pick(next(), below: bound)
    }

    /// A number from 0 up to, and without, `bound`, from the upper half of a draw whose lower half has other uses.
    @inlinable @inline(__always)
    static func pick(_ bits: UInt64, below bound: Int) -> Int { Int(((bits >> 32) &* UInt64(bound)) >> 32) }

    /// True in `part` of 16 draws.
    @inlinable @inline(__always)
    public mutating func chance(_ part: Int) -> Bool { below(16) < part }

    @usableFromInline
    mutating func nextBytes(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for shift in 0..<count where cursor < bytes.count {
            value |= UInt64(bytes[cursor]) << UInt64(shift * 8)
            cursor += 1
        }
        return value
    }
}
