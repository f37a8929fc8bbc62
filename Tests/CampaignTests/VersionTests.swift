import Foundation
import Patching
import Testing

@testable import Campaign

/// The version and commit of a build, and facts in the README.
@Suite struct VersionTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private static func script(_ arguments: [String], _ output: String) throws -> String {
        let run = try Tool.run(
            ["\(root)/Sources/BuildCommit/commit.sh"] + arguments + [output], program: URL(fileURLWithPath: "/bin/sh"))
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        let text = try String(contentsOfFile: output, encoding: .utf8)
        return try #require(text.firstMatch(of: #/commitOfBuild = "(.*)"/#).map { String($0.1) })
    }

    @Test func versionIsPrinted() throws {
        let run = try Tool.run(["--version"])
        #expect(run.status == 0 && run.output == "bpf-patch-fuzz \(Version.text)\n" && run.errors.isEmpty)
        #expect(run.output.contains("commit "))
    }

    /// The commit comes from Git, from the files of a repository without Git, or from an archive; else there is none.
    @Test func commitIsFound() throws {
        let folder = try Tool.Folder()
        let path = folder.path
        let commit = String(repeating: "0123456789abcdef", count: 3).prefix(40)
        let output = path + "/Commit.swift"
        let archive = try folder.write("$Format:%H$\n", to: "archive.txt")
        let arguments = [path, path + "/.git", archive]
        #expect(try Self.script(arguments, output) == "")
        _ = try folder.write("\(commit)\n", to: "archive.txt")
        #expect(try Self.script(arguments, output) == commit.prefix(12))
        // As in the build context of an image: without objects, Git detects no repository.
        try FileManager.default.createDirectory(
            atPath: path + "/.git/refs/heads/a", withIntermediateDirectories: true)
        _ = try folder.write("ref: refs/heads/a/b\n", to: ".git/HEAD")
        #expect(try Self.script(arguments, output) == "")
        _ = try folder.write("# pack-refs\nfedc\(commit.dropFirst(4)) refs/heads/a/b\n", to: ".git/packed-refs")
        #expect(try Self.script(arguments, output) == "fedc456789ab")
        _ = try folder.write("abcd\(commit.dropFirst(4))\n", to: ".git/refs/heads/a/b")
        #expect(try Self.script(arguments, output) == "abcd456789ab")
        _ = try folder.write("\(commit)\n", to: ".git/HEAD")
        #expect(try Self.script(arguments, output) == commit.prefix(12))
    }

    @Test func findingsAndStatesHaveTheVersion() throws {
        let campaign = try KeptCampaign(["--seed", "7", "--cases", "20", "--patcher", "planted-lost-aux"])
        try campaign.run()
        let cases = try Tool.Folder.texts(in: campaign.state + "/crashes").filter { $0.key.hasSuffix(".case") }
        #expect(!cases.isEmpty)
        for (name, text) in cases { #expect(text.contains("\nfound_by: bpf-patch-fuzz \(Version.text)\n"), "\(name)") }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: campaign.state + "/checkpoint"))
        #expect(try Checkpoint.parse(bytes).version == Version.text)
        let stats = try String(contentsOfFile: campaign.state + "/fuzzer_stats", encoding: .utf8)
        #expect(stats.contains("afl_version       : bpf-patch-fuzz \(Version.text)\n"))
    }

    /// The table of README and the command have the same designs and costs.
    @Test func readmeHasTheCostsOfPatchers() throws {
        let text = try String(contentsOfFile: Self.root + "/README.md", encoding: .utf8)
        var costs: [String: String] = [:]
        for row in text.matches(of: #/(?m)^\| `([a-z-]+)` \|[^|\n]*\| (O\([^|\n]*\)) \|$/#) {
            costs[String(row.1)] = String(row.2)
        }
        #expect(costs == Dictionary(uniqueKeysWithValues: BuiltInPatchers.allCases.map { ($0.name, $0.cost) }))
    }
}
