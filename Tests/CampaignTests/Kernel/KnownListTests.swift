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
        try files.filter { $0.hasPrefix("kernel-") && $0.hasSuffix(".case") }.map { name in
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            func field(_ name: String) -> String {
                let line = text.split(separator: "\n").first { $0.hasPrefix("\(name): ") } ?? ""
                return String(line.dropFirst(name.count + 2))
            }
            let target = field("target")
            // A target that is the functions of a kernel has its release.
            return (field("bucket"), target == "kernel" ? field("kernel") : String(target.dropFirst("kernel-".count)))
        }
    }

    private static func lines(_ list: String) throws -> [String] {
        try String(contentsOfFile: "\(folder)/\(list)", encoding: .utf8).split(separator: "\n")
            .map { $0.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    @Test func thereIsAListForEachKernel() {
        #expect(KnownListTests.lists == ["known-6.1.txt", "known-6.12.txt", "known-6.18.txt"])
    }

    /// A line is one bucket of a kernel, or of the functions of one: a star would hide a new fault.
    @Test(arguments: lists) func eachLineIsABucket(list: String) throws {
        let lines = try KnownListTests.lines(list)
        #expect(!lines.isEmpty)
        #expect(Set(lines).count == lines.count)
        for line in lines {
            let parts = line.split(separator: "/", omittingEmptySubsequences: false)
            #expect(parts.count >= 4 && parts.allSatisfy { !$0.isEmpty }, "\(line)")
            let release = list.dropFirst("known-".count).dropLast(".txt".count)
            #expect(parts.first == "kernel" || parts[0].hasPrefix("kernel-\(release)."), "\(line)")
            #expect(parts.count > 1 && BrokenRule(rawValue: String(parts[1])) != nil, "\(line)")
            let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
            #expect(parts.dropFirst(2).allSatisfy { $0.allSatisfy(letters.contains) }, "\(line)")
        }
    }

    @Test func storedCasesAreKnownToTheListOfTheirKernel() throws {
        let cases = try KnownListTests.cases()
        #expect(cases.count >= 6)
        for (bucket, release) in cases {
            let list = "known-" + release.split(separator: ".").prefix(2).joined(separator: ".") + ".txt"
            let known = try KnownBuckets(path: "\(KnownListTests.folder)/\(list)")
            #expect(known.contains(bucket), "\(bucket) is not in \(list)")
        }
    }
}
