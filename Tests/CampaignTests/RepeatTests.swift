import Foundation
import Fuzzing
import TestSupport
import Testing

@testable import Campaign

/// The last line of a campaign is a command that repeats exactly its cases.
struct RepeatTests {
    private static let title = "repeat with: "

    /// The command; a shell can run it in any folder.
    private static func command(_ outcome: Tool.Outcome) throws -> String {
        let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix(title) }
        try #require(lines.count == 1, "\(outcome)")
        return String(lines[0].dropFirst(title.count))
    }

    /// The findings of counted cases. Collateral findings of the minimizer depend on the time.
    private static func counted(_ outcome: Tool.Outcome) throws -> [[String: Any]] {
        let findings = try outcome.report()["findings"] as? [[String: Any]] ?? []
        return findings.filter { $0["sightings"] as? Int != 0 }
    }

    /// The result to compare: the number of cases, and a line for each bucket.
    private static func result(_ outcome: Tool.Outcome) throws -> [String] {
        let (report, findings) = (try outcome.report(), try counted(outcome))
        return ["\(report["cases"] ?? "")"]
            + findings.map { "\($0["bucket"] ?? "") \($0["index"] ?? "") \($0["sightings"] ?? "")" }.sorted()
    }

    private static func shell(_ command: String) throws -> Tool.Outcome {
        try Tool.run(["-c", command], program: URL(fileURLWithPath: "/bin/sh"))
    }

    /// Interrupts a campaign after its first finding.
    private static func interrupt(_ process: TestProcess, _ crashes: String) {
        while process.isRunning {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: crashes)) ?? []
            if files.contains(where: { $0.hasSuffix(".case") }) { break }
            usleep(10_000)
        }
        kill(process.processIdentifier, SIGINT)
    }

    @Test(arguments: [
        [], ["--jobs", "3"], ["--shard", "2/3", "--jobs", "2"], ["--shard", "3/3", "--cases", "1000000000"],
        ["--time", "1000", "--jobs", "2"],
    ])
    func anInterruptedCampaignIsRepeatedExactly(_ words: [String]) throws {
        let folder = try Tool.Folder()
        // Characters with a meaning to the shell must be quoted.
        let crashes = folder.path + "/it's a \"$HOME\" `dir` = \\ *"
        let first = try Tool.run(
            ["run", "--seed", "7", "--json", "--patcher", "planted-lost-aux", "--crashes", crashes] + words
        ) { Self.interrupt($0, crashes) }
        #expect(first.status == 77, "\(first)")
        let command = try Self.command(first)
        #expect(!command.contains("--time "), "\(command)")
        let files = try Tool.Folder.texts(in: crashes)
        try FileManager.default.removeItem(atPath: crashes)
        let second = try Self.shell(command + " --json")
        #expect(try Self.result(first) == Self.result(second), "\(command)")
        #expect(try Self.command(second) == command)
        let again = try Tool.Folder.texts(in: crashes)
        for finding in try Self.counted(first) {
            let name = URL(fileURLWithPath: finding["file"] as? String ?? "").lastPathComponent
            // Findings that the interrupt left unminimized are marked.
            if finding["minimized"] as? Bool == false {
                #expect(files[name]?.contains(Case.asSeen) == true && again[name] != nil)
            } else {
                #expect(files[name] == again[name])
            }
        }
    }

    /// A resumed campaign is repeated as a whole.
    @Test(arguments: [[], ["--shard", "1/2"]]) func aResumedCampaignIsRepeatedExactly(_ words: [String]) throws {
        let campaign = try KeptCampaign(["--seed", "7", "--patcher", "planted-lost-aux", "--jobs", "2"] + words)
        _ = try campaign.run { Self.interrupt($0, campaign.state + "/crashes") }
        let before = campaign.progress
        let last = try campaign.run(["--cases", "\(before * 2 + 900)"])
        let again = try Self.shell(try Self.command(last) + " --json --crashes \(campaign.folder.path)/again")
        #expect(try Self.result(last) == Self.result(again))
        #expect(try (Self.result(last).first.flatMap { Int($0) } ?? 0) > before)
    }

    /// The repeated campaign has the same known buckets.
    @Test func knownBucketsAreRepeated() throws {
        let folder = try Tool.Folder()
        let known = try folder.write("planted-lost-aux/*\n", to: "a list")
        let first = try Tool.run([
            "run", "--seed", "7", "--cases", "128", "--patcher", "planted-lost-aux", "--known", known, "--crashes",
            folder.path + "/crashes",
        ])
        #expect(first.status == 0, "\(first)")
        #expect(try Self.shell(Self.command(first)).status == 0)
    }

    @Test func theFirstLineIsTheSeed() throws {
        let folder = try Tool.Folder()
        let outcome = try Tool.run(["run", "--seed", "7", "--cases", "200", "--crashes", folder.path + "/crashes"])
        #expect(outcome.output.hasPrefix("seed 7\n"))
        let report = try Tool.run([
            "run", "--seed", "7", "--cases", "200", "--json", "--crashes", folder.path + "/crashes",
        ]).report()
        let words = report["arguments"] as? [String] ?? []
        #expect(words.starts(with: ["--seed", "7", "--cases", "200"]), "\(words)")
    }
}
