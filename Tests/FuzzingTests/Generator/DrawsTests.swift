import Testing

@testable import Fuzzing

/// Named draws: each bit is used once, and probabilities are exact.
struct DrawsTests {
    /// The drawn parts together are the random number.
    @Test func bitsAreUsedOnce() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of DrawsTests.bitsAreUsedOnce: \(seed)")
        for index in 0..<UInt64(200) {
            var widths = Draws(seed: seed, index: index ^ 0xffff_0000)
            var draws = Draws(seed: seed, index: index)
            var same = draws
            var bits = draws.bits()
            var joined: UInt64 = 0
            var shift = 0
            while shift < 64 {
                let width = min(1 + widths.below(12), 64 - shift)
                joined |= bits.take(width) << UInt64(shift)
                shift += width
            }
            #expect(joined == same.number(), "seed \(seed), index \(index)")
            // The next draw starts after these bits.
            #expect(draws.number() == same.number(), "seed \(seed), index \(index)")
        }
    }

    private static let count = 64_000

    @Test(arguments: [1, 2, 3, 5, 7, 8, 20, 33, 256]) func belowIsEven(_ bound: Int) {
        var draws = Draws(seed: 12, index: UInt64(bound))
        var counts = [Int](repeating: 0, count: bound)
        for _ in 0..<Self.count { counts[draws.below(bound)] += 1 }
        let mean = Double(Self.count) / Double(bound)
        // Five standard deviations.
        #expect(counts.allSatisfy { abs(Double($0) - mean) <= 5 * mean.squareRoot() }, "seed 12: \(counts)")
    }

    @Test(arguments: [(1, 8), (3, 4), (0, 2), (2, 2), (5, 16), (1, 64)]) func chancesHold(_ part: Int, _ whole: Int) {
        var draws = Draws(seed: 13, index: UInt64(whole))
        var found = [0, 0]
        for _ in 0..<Self.count {
            if draws.chance(part, of: whole) { found[0] += 1 }
            var bits = draws.bits()
            if bits.chance(part, of: whole) { found[1] += 1 }
        }
        let mean = Double(Self.count * part) / Double(whole)
        for count in found {
            #expect(abs(Double(count) - mean) <= 5 * mean.squareRoot(), "seed 13: \(found), expected \(mean)")
        }
    }

    /// Two draws from one number are independent.
    @Test func partsAreIndependent() {
        var draws = Draws(seed: 14, index: 0)
        var counts = [Int](repeating: 0, count: 64)
        for _ in 0..<Self.count {
            var bits = draws.bits()
            counts[bits.below(8) * 8 + bits.below(8)] += 1
        }
        let mean = Double(Self.count) / 64
        #expect(counts.allSatisfy { abs(Double($0) - mean) <= 5 * mean.squareRoot() }, "seed 14: \(counts)")
    }

    /// Over all values of the bits, the counts of all numbers differ by at most one. The next bits are not used.
    @Test(arguments: [1, 3, 7, 12, 255, 256]) func belowOfBitsIsEven(_ bound: Int) {
        var counts = [Int](repeating: 0, count: bound)
        for value in 0..<UInt64(256) {
            var bits = DrawnBits(value | 0x35 << 8)
            counts[bits.below(bound, ofBits: 8)] += 1
            #expect(bits.take(8) == 0x35)
        }
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "\(counts)")
    }

    /// A draw from bytes uses as many as its range needs. After the last byte, draws are 0.
    @Test func bytesAreTakenInOrder() {
        var draws = Draws(bytes: [3, 7, 1, 1, 2, 0, 0, 0, 0, 0, 0])
        #expect(draws.below(5) == 3)
        #expect(draws.below(1000) == 7 + 256)
        var bits = draws.bits()
        #expect(bits.below(4) == 1 && bits.take(6) == 0 && bits.below(256) == 2)
        #expect(draws.number() == 0 && draws.below(70_000) == 0)
        var last = Draws(bytes: [9])
        #expect(last.pick([4, 5, 6]) == 4 && last.pick([4, 5]) == 4)
    }
}
