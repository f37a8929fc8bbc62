import Fuzzing
import Patching
import Testing

/// Findings without details have the same buckets as findings with details.
struct BriefFindingTests {
    private static let seed: UInt64 = 15

    /// A fuzzer with patchers that have different faults.
    private static func makeFuzzer(describesFindings: Bool) -> Fuzzer {
        // A comparison has a bit of 64 for each patcher.
        let patchers = RuleFault.allCases.prefix(64).map { FaultyPatcher($0) }
        return Fuzzer(seed: seed, patchers: patchers, describesFindings: describesFindings)
    }

    @Test func bucketsAreTheSame() {
        var brief = Self.makeFuzzer(describesFindings: false)
        var full = Self.makeFuzzer(describesFindings: true)
        var buckets: Set<String> = []
        for index in 0..<UInt64(1500) {
            #expect(brief.run(index: index) == full.run(index: index), "seed \(Self.seed), case \(index)")
            let (counted, described) = (brief.findings, full.findings)
            #expect(counted.map(\.bucket) == described.map(\.bucket), "seed \(Self.seed), case \(index)")
            #expect(counted.map(\.place) == described.map(\.place), "seed \(Self.seed), case \(index)")
            #expect(counted.allSatisfy { $0.sentence.isEmpty && $0.detail.isEmpty })
            #expect(described.allSatisfy { !$0.sentence.isEmpty && !$0.detail.isEmpty })
            buckets.formUnion(described.map(\.bucket))
        }
        #expect(buckets.count > 100, "seed \(Self.seed): \(buckets.count) buckets")
    }
}
