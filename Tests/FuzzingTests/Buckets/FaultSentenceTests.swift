import Fuzzing
import Patching
import Testing

/// Findings of campaigns against every planted fault have a sentence, and words that the README explains.
struct FaultSentenceTests {
    private static let buckets = Set(SentenceTests.buckets.map(\.text))

    @Test(arguments: RuleFault.near) func sentencesAndWords(of fault: RuleFault) {
        var fuzzer = Fuzzer(seed: 1, patchers: [FaultyPatcher(fault)])
        var seen: Set<String> = []
        for index in UInt64(0)..<1500 where !fuzzer.run(index: index) {
            for finding in fuzzer.findings where seen.insert(finding.bucket).inserted {
                #expect(SentenceTests.flaw(in: finding.sentence) == nil, "\(finding.bucket): \(finding.sentence)")
                let known = finding.bucket.replacing("faulty", with: "delta-array")
                #expect(FaultSentenceTests.buckets.contains(known), "\(known)")
            }
        }
    }
}
