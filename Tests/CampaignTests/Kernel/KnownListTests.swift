import Foundation
import Testing

@testable import Campaign
@testable import Fuzzing

/// The lists of faults that are shipped for `--known`.
@Suite struct KnownListTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Crashes").path

    private static let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    private static let lists = files.filter { $0.hasPrefix("known-") && $0.hasSuffix(".txt") }.sorted()

    /// The buckets of the stored cases that were found in a kernel, with its release.
    private static func cases() throws -> [(bucket: String, release: String)] {
        try files.filter { $0.hasPrefix("kernel--") && $0.hasSuffix(".case") }.map { name in
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            func field(_ name: String) -> String {
                let line = text.split(separator: "\n").first { $0.hasPrefix("\(name): ") } ?? ""
                return String(line.dropFirst(name.count + 2))
            }
            return (field("bucket"), field("kernel"))
        }
    }

    private static func lines(_ list: String) throws -> [String] {
        try String(contentsOfFile: "\(folder)/\(list)", encoding: .utf8).split(separator: "\n")
            .map { $0.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    @Test func thereIsAListForEachKernel() {
        #expect(KnownListTests.lists == ["known-6.1.txt", "known-6.12.txt", "known-6.18.txt"])
    }

    /// A line is a bucket of a kernel: rule, kind of instruction and kind of edit, the last perhaps with a star.
    @Test(arguments: lists) func eachLineIsABucket(list: String) throws {
        let lines = try KnownListTests.lines(list)
        #expect(!lines.isEmpty)
        #expect(Set(lines).count == lines.count)
        for line in lines {
            let parts = line.split(separator: "/", omittingEmptySubsequences: false)
            #expect(parts.count >= 3 && parts.allSatisfy { !$0.isEmpty }, "\(line)")
            #expect(parts.first == "kernel", "\(line)")
            #expect(parts.count > 1 && BrokenRule(rawValue: String(parts[1])) != nil, "\(line)")
            let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-*")
            #expect(parts.dropFirst(2).allSatisfy { $0.allSatisfy(letters.contains) }, "\(line)")
            // A star alone would hide a new fault.
            #expect(parts.count > 2 && parts[2] != "*", "\(line)")
        }
    }

    @Test func storedCasesAreKnownToTheListOfTheirKernel() throws {
        let cases = try KnownListTests.cases()
        #expect(cases.count >= 4)
        for (bucket, release) in cases {
            let list = "known-" + release.split(separator: ".").prefix(2).joined(separator: ".") + ".txt"
            let known = try KnownBuckets(path: "\(KnownListTests.folder)/\(list)")
            #expect(known.contains(bucket), "\(bucket) is not in \(list)")
        }
    }

    /// Each line names a fault of which there is a case, or which README.md tells why there is none.
    @Test(arguments: lists) func eachLineIsAboutAFaultThatIsDescribed(list: String) throws {
        let buckets = try KnownListTests.cases().map(\.bucket) + ["kernel/encoding/far-call/none"]
        for line in try KnownListTests.lines(list) {
            let known = KnownBuckets(line)
            #expect(buckets.contains(where: known.contains), "\(line) in \(list)")
        }
    }
}
