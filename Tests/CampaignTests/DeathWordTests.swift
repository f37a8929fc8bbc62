import Fuzzing
import Testing

@testable import Campaign

/// The words for crashes in buckets.
@Suite struct DeathWordTests {
    private static let causes: [ChildExit.Cause] = [
        .signal(11, nil), .signal(99, nil), .exit(3), .sanitizer, .hang(timeout: 2), .memory(taken: 7, timeout: 2),
        .memory(taken: nil, timeout: 2), .leak, .outside(9), .descriptor,
    ]

    /// Each word is in the tables of ``BucketGuide``, which the README has.
    @Test(arguments: causes) func isExplained(_ cause: ChildExit.Cause) throws {
        let finding = ChildExit(cause: cause, index: 0).finding(against: "x")
        let word = try #require(finding.bucket.split(separator: "/").dropFirst(2).first).description
        let rows = BucketGuide.others.filter { $0.rules.contains(finding.rule) }.map(\.row.word)
        let isThere = rows.contains { row in
            row == word || row == "sigX" && word.hasPrefix("sig") || row == "asan-X" && word.hasPrefix("asan-")
        }
        #expect(isThere, "\(finding.bucket) is none of \(rows)")
    }
}
