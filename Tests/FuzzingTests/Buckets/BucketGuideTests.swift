import Foundation
import Testing

@testable import Fuzzing

/// The tables of the README that explain buckets.
struct BucketGuideTests {
    private static let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../README.md").standardized

    /// The README has exactly the rows of each table.
    @Test func readmeHasTheTables() throws {
        let lines = try String(contentsOf: BucketGuideTests.readme, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false
        ).map(String.init)
        for table in BucketGuide.markdown {
            let start = try #require(lines.firstIndex(of: table[0]), "README.md has no line \(table[0])")
            let found = Array(lines[start...].prefix { $0.hasPrefix("|") })
            #expect(found == table, "README.md; it must be:\n\(table.joined(separator: "\n"))")
            #expect(lines[start - 1].hasPrefix("|---"))
        }
    }

    /// The tables have every word that a bucket can contain.
    @Test func tablesHaveEveryWord() {
        let parts = ["insns", "aux", "subprogs", "lines", "image", "edits", "patch", "refs"]
        func matches(_ word: String, _ pattern: String) -> Bool {
            if pattern == "X" || word == pattern { return true }
            if pattern == "X-became-Y" { return word.contains("-became-") }
            if pattern == "sigX" { return word.hasPrefix("sig") }
            if pattern == "asan-X" { return word.hasPrefix("asan-") }
            if pattern == "stale-table-X" { return word.hasPrefix("stale-table-") }
            if pattern == "X-above-room" { return word.hasSuffix("-above-room") }
            return parts.contains { pattern.replacing("PART", with: $0) == word }
        }
        let edits = Set(BucketGuide.edits.map(\.word))
        let rules = Set(BucketGuide.rules.map(\.word))
        for bucket in SentenceTests.buckets {
            let others = BucketGuide.others.filter { $0.rules.contains(bucket.rule) }
            let isKnown =
                InstructionWord(bucket.insn) != nil || others.contains { matches(bucket.insn, $0.row.word) }
                || bucket.rule == .badStatus
            let hasEdit = edits.contains(bucket.edit) || bucket.insn == "verifier-bug"
            if !isKnown || !hasEdit || !rules.contains(bucket.rule.rawValue) {
                Issue.record("\(bucket.text)")
                return
            }
        }
    }
}
