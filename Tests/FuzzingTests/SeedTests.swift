import BPF
import Fuzzing
import Patching
import Testing

/// Replays the cases of `Seeds`, `Crashes` and `Tests/Workloads`.
@Suite struct SeedTests {
    static let files = CaseFolder.allCases.flatMap(\.files)

    /// Every built-in patcher and the oracle agree with the expectation of the file.
    @Test(arguments: files) func replay(_ file: CaseFolder.File) throws {
        let c = try file.parsed()
        // The expectation of a refused load is not one of patchers.
        if c.loading != nil && c.passes.isEmpty { return }
        let expected = try #require(c.expected, "\(file.path): says nothing of what must come of it")
        var runner = CaseRunner(BuiltInPatchers.allCases.map { $0.make() })
        let outcome = try runner.run(c)
        for finding in outcome.findings {
            Issue.record("\(file.path): \(finding.bucket), pass \(finding.pass): \(finding.detail)")
        }
        // A finding ends a case early.
        guard outcome.findings.isEmpty else { return }
        if !expected.agrees(with: outcome.expected) {
            var computed = c
            computed.expected = outcome.expected
            Issue.record("\(file.path): the expectation differs from the rules\n\(CaseFile.print(computed))")
        }
        // Some passes are unreachable on purpose; all passes of an accepted script run.
        #expect(outcome.status != .accepted || outcome.passCount == c.passes.count, "\(file.path)")
    }

    /// A file survives parsing and printing.
    @Test(arguments: files) func roundTrip(_ file: CaseFolder.File) throws {
        let c = try file.parsed()
        let canonical = CaseFile.print(c)
        #expect(try CaseFile.parse(canonical, file: "\(file.path), canonical") == c, "\(file.path)")
        let again = CaseFile.print(try CaseFile.parse(canonical, file: "\(file.path), canonical"))
        #expect(again == canonical, "\(file.path)")
    }

    /// The file name describes the case in lower-case words with hyphens, and `name:` contains a sentence. The file of a
    /// finding is named after its bucket.
    @Test(arguments: files) func naming(_ file: CaseFolder.File) throws {
        if file.folder == .crashes {
            let bucket = try #require(file.parsed().bucket, "\(file.path)")
            #expect(file.idea == bucket.split(separator: "/").joined(separator: "--"), "\(file.path)")
            return
        }
        let words = file.idea.split(separator: "-", omittingEmptySubsequences: false)
        #expect(words.count >= 2, "\(file.path): one word is no idea")
        for word in words {
            let isWord = !word.isEmpty && word.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
            #expect(isWord, "\(file.path): `\(word)`")
        }
        #expect(try file.parsed().name.split(separator: " ").count >= 3, "\(file.path): `name:` is no sentence")
    }

    @Test func enoughSeeds() {
        #expect(CaseFolder.seeds.files.count >= 40)
    }

    /// No two seeds are equal.
    @Test func seedsDiffer() throws {
        var seen: [Case: String] = [:]
        var names: [String: String] = [:]
        for file in Self.files {
            var c = try file.parsed()
            // Findings of campaigns may have equal names in other folders.
            if file.folder == .seeds, let other = names.updateValue(file.path, forKey: c.name) {
                Issue.record("\(file.path) has the name of \(other)")
            }
            (c.name, c.target, c.bucket, c.origin) = ("", nil, nil, nil)
            if let other = seen.updateValue(file.path, forKey: c) { Issue.record("\(file.path) is \(other)") }
        }
    }
}
