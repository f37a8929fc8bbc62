import BPF

/// The random choices of a generator, drawn from a seed, a byte string or recorded choices only.
///
/// Each draw uses separate bits. The same source makes the same choices on every machine, so a case is a pure function
/// of it.
package struct Draws: Sendable {
    @usableFromInline var state: UInt64
    private var bytes: [UInt8]
    private var cursor: Int
    /// True if draws come from the seed and are appended to `bytes`.
    private var isWriting = false
    /// True if draws come from the seed and are not recorded. All other sources are slow.
    @usableFromInline var isPlain: Bool
    /// The record of the draws and, for draws from recorded choices, their source; see ``record()``.
    var recorder: ChoiceRecorder?

    /// Draws from a generator that starts from the campaign's seed and the index of a case.
    ///
    /// - Source: Vigna's SplitMix64 finalizer for the start, Wang's wyrand for the draws
    package init(seed: UInt64, index: UInt64) {
        state = Self.mix(Self.mix(seed &+ 0x9e37_79b9_7f4a_7c15) ^ index)
        bytes = []
        cursor = 0
        isPlain = true
    }

    /// Draws from a byte string, as a fuzzing engine provides it; after its end every draw is 0.
    package init(bytes: [UInt8]) {
        state = 0
        self.bytes = bytes
        cursor = 0
        isPlain = false
    }

    /// Draws from a seed and writes them as a byte string, from which ``init(bytes:)`` makes the same draws.
    ///
    /// - Parameter first: draws that precede those of the seed, each with its bound
    package init(writing seed: UInt64, index: UInt64, after first: [(value: Int, bound: Int)] = []) {
        self.init(seed: seed, index: index)
        (isPlain, isWriting) = (false, true)
        for (value, bound) in first { write(UInt64(value), Self.width(bound)) }
    }

    /// The draws so far as a byte string; empty unless they are written.
    package var written: [UInt8] { isWriting ? bytes : [] }

    private mutating func write(_ value: UInt64, _ count: Int) {
        for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift * 8))) }
    }

    /// The bytes of a draw below a bound. They are few, so that mutations by a fuzzing engine stay local.
    private static func width(_ bound: Int) -> Int { bound <= 256 ? 1 : bound <= 65536 ? 2 : 4 }

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number of 64 bits.
    @inlinable @inline(__always)
    package mutating func number() -> UInt64 { isPlain ? nextNumber() : slowNumber() }

    /// The next number of the seed.
    @inlinable @inline(__always)
    mutating func nextNumber() -> UInt64 {
        state &+= 0xa076_1d64_78bd_642f
        let (high, low) = state.multipliedFullWidth(by: state ^ 0xe703_7ed1_a0b4_28db)
        return high ^ low
    }

    @usableFromInline @inline(never)
    mutating func slowNumber() -> UInt64 {
        if isWriting {
            let drawn = nextNumber()
            write(drawn, 8)
            return drawn
        }
        if recorder == nil { return nextBytes(8) }
        let drawn = recorder!.isReplaying ? 0 : nextNumber()
        return recorder!.take(drawn, bound: 0)
    }

    /// 64 bits for several small choices, at the cost of one draw.
    @inlinable @inline(__always)
    package mutating func bits() -> DrawnBits { DrawnBits(number()) }

    /// A number from 0 to `bound - 1`.
    ///
    /// Probabilities differ by at most `bound` in 2³².
    ///
    /// - Parameter bound: positive, at most 2³² - 1
    @inlinable @inline(__always)
    package mutating func below(_ bound: Int) -> Int {
        assert(bound > 0 && bound <= Int(UInt32.max))
        return isPlain ? nextBelow(bound) : slowBelow(bound)
    }

    /// The next number of the seed, from 0 to `bound - 1`.
    @inlinable @inline(__always)
    mutating func nextBelow(_ bound: Int) -> Int { Int(((nextNumber() >> 32) &* UInt64(bound)) >> 32) }

    @usableFromInline @inline(never)
    mutating func slowBelow(_ bound: Int) -> Int {
        if isWriting {
            let drawn = nextBelow(bound)
            write(UInt64(drawn), Self.width(bound))
            return drawn
        }
        if recorder == nil { return Int(nextBytes(Self.width(bound)) % UInt64(bound)) }
        let drawn = recorder!.isReplaying ? 0 : nextBelow(bound)
        return Int(recorder!.take(UInt64(drawn), bound: UInt64(bound)))
    }

    /// True with the probability `part / whole`.
    @inlinable @inline(__always)
    package mutating func chance(_ part: Int, of whole: Int) -> Bool {
        isPlain ? nextBelow(whole) < part : slowChance(part, of: whole)
    }

    @usableFromInline @inline(never)
    mutating func slowChance(_ part: Int, of whole: Int) -> Bool {
        if recorder == nil { return below(whole) < part }
        // Only the outcome is recorded, so it does not depend on the probability, which may depend on the program.
        let isSo = recorder!.isReplaying || nextBelow(whole) < part
        return recorder!.take(isSo ? 0 : 1, bound: 2) == 0
    }

    /// One of some values, with equal probabilities.
    @inlinable @inline(__always)
    package mutating func pick<Element>(_ values: [Element]) -> Element { values[below(values.count)] }

    private mutating func nextBytes(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for shift in 0..<count where cursor < bytes.count {
            value |= UInt64(bytes[cursor]) << UInt64(shift * 8)
            cursor += 1
        }
        return value
    }
}

/// 64 bits of one draw, each used once, from the lowest on.
///
/// For ranges that are powers of 2; ``below(_:ofBits:)`` and ``Draws/below(_:)`` are for all others. The caller must
/// not take more than 64 bits; debug builds trap.
package struct DrawnBits: BitwiseCopyable, Sendable {
    @usableFromInline var rest: UInt64
    /// The number of bits left. Only an assertion reads it, so optimized builds drop it.
    @usableFromInline var left = 64

    @inlinable @inline(__always)
    init(_ bits: UInt64) { rest = bits }

    /// The next `count` bits.
    @inlinable @inline(__always)
    package mutating func take(_ count: Int) -> UInt64 {
        assert(count > 0 && count < 64 && count <= left, "\(count) bits of \(left)")
        defer { rest &>>= UInt64(truncatingIfNeeded: count) }
        left &-= count
        return rest & (1 &<< UInt64(truncatingIfNeeded: count) &- 1)
    }

    /// A number from 0 to `bound - 1`.
    ///
    /// - Parameter bound: a power of 2
    @inlinable @inline(__always)
    package mutating func below(_ bound: Int) -> Int {
        assert(bound > 0 && bound & (bound &- 1) == 0, "\(bound) is not a power of 2")
        return Int(truncatingIfNeeded: take(bound.trailingZeroBitCount))
    }

    /// A number from 0 to `bound - 1` from a number of bits, where a separate draw is too expensive.
    ///
    /// Probabilities differ by at most 1 in 2 to the number of bits. If `bound` is larger than that power, some numbers
    /// never occur.
    @inlinable @inline(__always)
    package mutating func below(_ bound: Int, ofBits count: Int) -> Int {
        assert(bound > 0 && bound <= Int(UInt32.max) && count <= 32)
        return Int(truncatingIfNeeded: (take(count) &* UInt64(bound)) &>> UInt64(truncatingIfNeeded: count))
    }

    /// True with the probability `part / whole`.
    ///
    /// - Parameter whole: a power of 2
    @inlinable @inline(__always)
    package mutating func chance(_ part: Int, of whole: Int) -> Bool { below(whole) < part }
}
