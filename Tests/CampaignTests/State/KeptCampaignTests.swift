import Foundation
import Testing

@testable import Campaign

/// Campaigns with a state folder.
@Suite struct KeptCampaignTests {
    private static let arguments = ["--seed", "7", "--cases", "20", "--patcher", "planted-lost-aux"]

    /// A state folder does not change the findings.
    @Test func findingsAreThoseOfAnyCampaign() throws {
        let campaign = try KeptCampaign(Self.arguments)
        let kept = try campaign.run()
        let folder = try Tool.Folder()
        let other = try Tool.run(["run", "--crashes", folder.path, "--json"] + Self.arguments)
        #expect(kept.status == 77 && other.status == 77)
        #expect(try campaign.result(kept).files == folder.texts())
        #expect(try other.report()["state"] == nil)
        #expect(try kept.report()["state"] as? String == campaign.state)
        #expect(kept.output.contains("kept in \(campaign.state), finished"))
    }

    /// Resuming a finished campaign prints its report again, without more time.
    @Test func finishedCampaignIsReportedAgain() throws {
        let campaign = try KeptCampaign(Self.arguments)
        let first = try campaign.run()
        let again = try campaign.run()
        #expect(again.status == 77)
        #expect(again.lastLine == first.lastLine)
    }

    /// A raised limit has the result of a campaign with that limit, even if the lower limit was inside a block.
    @Test func limitCanBeRaised() throws {
        let rest = ["--seed", "11", "--patcher", "planted-back-jump"]
        let whole = try KeptCampaign.undisturbed(["--cases", "140"] + rest)
        #expect(whole.cases == 140)
        for lower in [1, 127, 128, 129] {
            let campaign = try KeptCampaign(["--cases", String(lower)] + rest)
            #expect(try campaign.result(campaign.run()).cases == lower)
            #expect(try campaign.result(campaign.run(["--cases", "140"])) == whole, "from \(lower)")
        }
    }

    /// The limit in the checkpoint.
    private static func limit(_ campaign: KeptCampaign) throws -> Double? {
        let file = URL(fileURLWithPath: campaign.state + "/checkpoint")
        return try Checkpoint.parse(Data(contentsOf: file)).parts[0].configuration.budget.time
    }

    /// The times of sessions add up; `--time` is the time of one session.
    @Test func timeAddsUp() throws {
        let campaign = try KeptCampaign(["--seed", "7", "--time", "100000"])
        try campaign.runOn()
        try campaign.setTime(99_999.99)
        let first = try campaign.run().report()
        #expect(first["finished"] as? Bool == true)
        let seconds = try #require(first["seconds"] as? Double)
        #expect(seconds >= 100_000)
        #expect(try campaign.run().report()["seconds"] as? Double == seconds)
        let before = try #require(first["cases"] as? Int)
        let on = try campaign.runOn(["--time", "50000"])
        #expect(try on.report()["finished"] as? Bool == false)
        #expect(try on.report()["cases"] as? Int ?? 0 > before)
        let limit = try #require(try Self.limit(campaign))
        #expect(limit >= seconds + 50_000 && limit < seconds + 50_000.02)
        try campaign.setTime(limit - 0.01)
        let more = try campaign.run().report()
        #expect(more["finished"] as? Bool == true)
        let total = try #require(more["seconds"] as? Double)
        #expect(total >= limit)
        let cases = try #require(more["cases"] as? Int)
        #expect(abs((more["cases_per_second"] as? Double ?? 0) * total / Double(cases) - 1) < 1e-9)
    }

    /// A campaign ends if the rest of its time is shorter than the start of the tool.
    @Test func lastMomentsEnd() throws {
        let campaign = try KeptCampaign(["--seed", "7", "--time", "100000"])
        try campaign.runOn()
        try campaign.setTime(99_999.999999)
        let run = try Tool.run(
            ["100", Tool.executable.path, "run", "--state", campaign.state, "--resume", "--json"],
            program: URL(fileURLWithPath: "/usr/bin/timeout"))
        #expect(run.status == 0, "\(run)")
        let report = try run.report()
        #expect(report["finished"] as? Bool == true && report["seconds"] as? Double ?? 0 >= 100_000)
    }

    /// A time limit for one session of a campaign without a limit ends the session, not the campaign.
    @Test func timeLimitOfASessionEndsIt() throws {
        let campaign = try KeptCampaign(["--seed", "7"])
        try campaign.runOn()
        let timed = try campaign.run(["--time", "0.2"])
        #expect(try timed.report()["finished"] as? Bool == false)
        #expect(timed.output.contains("kept in \(campaign.state); resume with: "))
        #expect(!timed.output.contains("--time "), "\(timed.output)")
        let cases = try #require(timed.report()["cases"] as? Int)
        #expect(try campaign.run(["--time", "0"]).status == 64)
        let on = try campaign.runOn()
        #expect(try on.report()["finished"] as? Bool == false)
        #expect(try on.report()["cases"] as? Int ?? 0 > cases)
    }

    /// The sum of times can be parsed again.
    @Test func timeIsInHundredths() throws {
        let campaign = try KeptCampaign(["--seed", "7", "--time", "1000"])
        try campaign.runOn()
        try campaign.setTime(1000 / 3.0)
        try campaign.run(["--time", "0.1"])
        let limit = try #require(try Self.limit(campaign))
        #expect("\(limit)".count <= 6, "\(limit)")
    }

    /// An interrupted campaign prints the command to resume it.
    @Test func interruptPrintsTheCommandToResume() throws {
        let campaign = try KeptCampaign(["--seed", "7"])
        let run = try campaign.runOn()
        #expect(run.status == 0)
        #expect(run.output.contains("run --state \(campaign.state) --resume\n"))
        let report = try run.report()
        #expect(report["finished"] as? Bool == false)
        let cases = try #require(report["cases"] as? Int)
        #expect(cases > 0 && cases % 128 == 0)
        let on = try campaign.runOn()
        #expect(on.output.contains("kept in \(campaign.state); resuming after \(CountText.of(cases, "case"))"))
        #expect(try on.report()["cases"] as? Int ?? 0 > cases)
    }

    /// A missing or broken file of a finding is written again.
    @Test func missingFilesAreWrittenAgain() throws {
        let campaign = try KeptCampaign(Self.arguments)
        let whole = try campaign.result(campaign.run())
        let names = whole.files.keys.sorted()
        try FileManager.default.removeItem(atPath: "\(campaign.state)/crashes/\(names[0])")
        try Data("no case".utf8).write(to: URL(fileURLWithPath: "\(campaign.state)/crashes/\(names[1])"))
        var mended = try campaign.result(campaign.run())
        #expect(mended.files.removeValue(forKey: names[1] + ".unreadable") == "no case")
        #expect(mended == whole)
    }

    /// On a full disk, simulated by a file size limit, no data is lost. The campaign continues when there is room.
    @Test func fullDiskLosesNothing() throws {
        let arguments = ["--seed", "7", "--cases", "400", "--patcher", "planted-back-jump"]
        let campaign = try KeptCampaign(arguments)
        let words = [Tool.executable.path, "run", "--state", campaign.state] + arguments
        let full = try Tool.run(
            ["-c", "ulimit -f 7; exec \"$@\" >/dev/null", "bash"] + words, program: URL(fileURLWithPath: "/bin/bash"))
        let text = full.errors
        #expect(full.status == 1, "\(text)")
        #expect(text.hasPrefix("error: \(campaign.state)/") || text.contains("\nerror: \(campaign.state)/"), "\(text)")
        #expect(text.contains(": cannot be written: File too large\n"), "\(text)")
        #expect(text.contains("are saved in \(campaign.state); '"))
        let outcome = try campaign.run()
        #expect(try campaign.result(outcome) == KeptCampaign.undisturbed(arguments))
    }

    @Test(arguments: [("*", 0), ("planted-lost-aux/aux/*", 0), ("planted-lost-aux/aux", 77), ("# *", 77)])
    func knownBucketsDoNotCount(_ line: String, _ status: Int32) throws {
        let campaign = try KeptCampaign(Self.arguments)
        let list = try campaign.folder.write("# a list\n\nno/such/bucket\n\(line) # all of it\n", to: "known")
        for others in [["--known", list], []] {
            let run = try campaign.run(others)
            #expect(run.status == status, "\(run.errors)")
            let findings = try run.report()["findings"] as? [[String: Any]] ?? []
            #expect(!findings.isEmpty && findings.allSatisfy { $0["known"] as? Bool == (status == 0) })
            #expect(run.output.contains(" of them known\n") == (status == 0))
            // Known findings are only counted, unless all are printed.
            #expect(run.output.contains("\nplanted-lost-aux: ") == (status != 0))
            #expect(run.output.contains("\nknown buckets from \(list)\n"))
        }
        try FileManager.default.removeItem(atPath: list)
        let missing = try campaign.run()
        #expect(missing.status == 1)
        #expect(missing.errors.hasPrefix("error: \(list): cannot be read: No such file or directory\n"))
    }

    /// A list may be a device or a pipe, which have no size.
    @Test func knownBucketsOfAnyFile() throws {
        let campaign = try KeptCampaign(Self.arguments)
        let empty = try campaign.run(["--known", "/dev/null"])
        #expect(empty.status == 77 && empty.output.contains("\nknown buckets from /dev/null\n"), "\(empty.errors)")
        let words = ["run", "--state", campaign.state, "--resume", "--known", "/dev/stdin"]
        #expect(try Tool.run(words, input: "*\n").status == 0)
        #expect(try campaign.run(["--known", "/dev/null"]).status == 77)
        let command =
            "exec \"$0\" run --state \"$1\" --resume --known <(echo 'planted-lost-aux/*'; echo '*') >/dev/null"
        let piped = try Tool.run(
            ["-c", command, Tool.executable.path, campaign.state], program: URL(fileURLWithPath: "/bin/bash"))
        #expect(piped.status == 0, "\(piped)")
        let folder = try campaign.run(["--known", campaign.folder.path])
        #expect(folder.status == 1 && folder.errors.hasSuffix(": cannot be read: Is a directory\n"), "\(folder.errors)")
    }

    /// One unknown bucket counts.
    @Test func oneNewBucketCounts() throws {
        let campaign = try KeptCampaign(Self.arguments)
        let findings = try campaign.run().report()["findings"] as? [[String: Any]] ?? []
        let buckets = findings.compactMap { $0["bucket"] as? String }
        #expect(buckets.count > 1)
        let all = try campaign.folder.write(buckets.joined(separator: "\n"), to: "all")
        #expect(try campaign.run(["--known", all]).status == 0)
        let most = try campaign.folder.write(buckets.dropLast().joined(separator: "\n"), to: "most")
        #expect(try campaign.run(["--known", most]).status == 77)
    }
}
