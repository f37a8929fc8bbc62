import Foundation
import TestSupport
import Testing

@testable import Campaign

/// Campaigns with a plug-in that hangs: findings, skipped cases and exit status.
@Suite(.serialized) struct DeadlyTargetTests {
    private static let source = "\(BuiltPlugin.package)/Tests/Plugins/misbehaving.c"

    private static func build(_ flags: String...) throws -> BuiltPlugin {
        try BuiltPlugin([source], flags: ["-w"] + flags.map { "-D\($0)" })
    }

    private static func report(_ outcome: BuiltPlugin.Outcome) throws -> [String: Any] {
        try outcome.report()
    }

    /// The part of a report that must not depend on jobs or interruptions.
    private static func result(_ report: [String: Any]) -> [String] {
        let findings = (report["findings"] as? [[String: Any]] ?? []).map {
            "\($0["bucket"] ?? "") \($0["index"] ?? "") \($0["sightings"] ?? "") \($0["insns"] ?? "")"
        }
        let deaths = (report["deaths"] as? [[String: Any]] ?? []).map { deaths in
            deaths.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " ")
        }
        return findings + deaths
            + ["cases", "ran", "spared"].map { name in
                guard let counts = report[name] as? [String: Any] else { return "\(report[name] ?? "")" }
                return counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: " ")
            }
    }

    /// A plug-in that hangs in every tenth case runs fewer and fewer cases. The result is the same for any number of jobs, and
    /// after a resume inside an epoch or block. The other targets are unaffected.
    @Test func hangsAreThinnedDeterministically() throws {
        let plugin = try Self.build("FAULT=HANG", "EVERY=10")
        let words = [
            "run", "--seed", "1", "--json", "--timeout", "0.4", "--plugin", plugin.path, "--patcher",
            "planted-lost-aux",
        ]
        var results: [[String]] = []
        for jobs in ["1", "3"] {
            let run = try BuiltPlugin.runTool(
                words + ["--cases", "1500", "--jobs", jobs, "--crashes", "\(plugin.folder)/crashes-\(jobs)"])
            #expect(run.status == 77 && run.output.contains("misbehaving was left out of "), "\(run)")
            results.append(try Self.result(Self.report(run)))
        }
        let state = ["--state", "\(plugin.folder)/state"]
        _ = try BuiltPlugin.runTool(words + ["--cases", "500"] + state)
        for cases in ["800", "1100"] {
            _ = try BuiltPlugin.runTool(["run", "--resume", "--json", "--cases", cases] + state)
        }
        let last = try BuiltPlugin.runTool(["run", "--resume", "--json", "--cases", "1500", "--jobs", "2"] + state)
        results.append(try Self.result(Self.report(last)))
        #expect(results[0] == results[1] && results[0] == results[2], "\(results)")
        let harmless = try Self.build("FAULT=0")
        let calm = try BuiltPlugin.runTool([
            "run", "--seed", "1", "--json", "--patcher", "planted-lost-aux", "--plugin", harmless.path,
            "--cases", "1500", "--crashes", "\(plugin.folder)/calm",
        ])
        let others = results[0].filter { $0.hasPrefix("planted-lost-aux/") }
        #expect(!others.isEmpty)
        #expect(others == Self.result(try Self.report(calm)).filter { $0.hasPrefix("planted-lost-aux/") })
        let deaths = try #require((Self.report(last)["deaths"] as? [[String: Any]])?.first)
        #expect((2...8).contains(deaths["hangs"] as? Int ?? 0), "\(deaths)")
        #expect(deaths["left_out"] as? Int ?? 0 > 700, "\(deaths)")
    }

    /// The only target gets every block, since otherwise nothing would run. After a hang, the rest of the block does not count
    /// as cases. Cases and cases not run add up to the number of indices.
    @Test func onlyTargetGetsEveryBlock() throws {
        let plugin = try Self.build("FAULT=HANG", "EVERY=200")
        let run = try BuiltPlugin.runTool([
            "run", "--seed", "1", "--cases", "2560", "--json", "--timeout", "0.4", "--plugin", plugin.path,
            "--crashes", "\(plugin.folder)/crashes",
        ])
        let report = try Self.report(run)
        let deaths = try #require((report["deaths"] as? [[String: Any]])?.first)
        let (cases, notRun) = (report["cases"] as? Int ?? 0, report["not_run"] as? Int ?? 0)
        #expect(run.status == 77 && cases + notRun == 2560, "\(run)")
        #expect(deaths["left_out"] as? Int == notRun && notRun < 20 * 128, "\(deaths)")
        #expect((2...20).contains(deaths["hangs"] as? Int ?? 0) && cases > 640, "\(run)")
        #expect((report["ran"] as? [String: Int])?["misbehaving"] ?? 0 > 480, "\(run)")
        let arguments = report["arguments"] as? [String] ?? []
        #expect(arguments.contains("2560"), "\(arguments)")
    }

    /// The campaign is killed when the checkpoint has a bucket of an incomplete block. The bucket survives, and the resumed
    /// campaign ends with the same result as an undisturbed one.
    @Test func earlyHitsSurviveAKill() throws {
        let plugin = try Self.build("FAULT=HANG")
        let words = [
            "--seed", "1", "--cases", "400", "--plugin", plugin.path, "--patcher", "planted-back-jump", "--timeout",
            "2",
        ]
        let whole = try BuiltPlugin.runTool(["run", "--json", "--state", "\(plugin.folder)/whole"] + words)
        let state = "\(plugin.folder)/killed"
        let file = URL(fileURLWithPath: state + "/checkpoint")
        var early: [EarlyHit] = []
        let killed = try TestProcess.run([TestProcess.tool, "run", "--state", state] + words) { process in
            while process.isRunning && early.isEmpty {
                early = (try? Checkpoint.parse(Data(contentsOf: file)))?.early ?? []
                usleep(1000)
            }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        }
        #expect(killed.status == -SIGKILL && !early.isEmpty)
        for hit in early {
            let name = hit.bucket.replacingOccurrences(of: "/", with: "--")
            #expect(FileManager.default.fileExists(atPath: "\(state)/crashes/\(name).case"), "\(hit)")
        }
        let resumed = try BuiltPlugin.runTool(["run", "--json", "--resume", "--state", state])
        #expect(resumed.status == 77 && whole.status == 77, "\(resumed)")
        #expect(try Self.result(Self.report(resumed)) == Self.result(Self.report(whole)))
        let folders = [state, "\(plugin.folder)/whole"].map { $0 + "/crashes" }
        let names = try folders.map { try FileManager.default.contentsOfDirectory(atPath: $0).sorted() }
        #expect(names[0] == names[1])
        for name in names[0] {
            let texts = try folders.map { try String(contentsOfFile: "\($0)/\(name)", encoding: .utf8) }
            #expect(texts[0] == texts[1], "\(name)")
        }
    }

    /// A case that is cut off at the end of the campaign is reported, but is not a finding: its own timeout has not passed. It
    /// does not delay the end. Without a complete block, the exit status is an error.
    @Test func cutOffCaseIsNoFinding() throws {
        let plugin = try Self.build("FAULT=HANG", "EVERY=1")
        let run = try BuiltPlugin.runTool([
            "run", "--seed", "1", "--time", "1", "--timeout", "1000", "--json", "--plugin", plugin.path, "--crashes",
            "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 1 && run.errors.contains(CampaignReport.noCase), "\(run)")
        #expect(run.errors.contains("case 0 \(CutCase.words) "), "\(run)")
        #expect(!run.errors.contains(CampaignReport.doubtWords), "\(run)")
        // Far below the timeout of the case.
        #expect(try Self.report(run)["seconds"] as? Double ?? .infinity < 500)
    }

    /// An interrupted campaign reports that it is not finished.
    @Test func interruptedCampaignIsNotFinished() throws {
        let plugin = try Self.build("FAULT=SLOW", "EVERY=1")
        let words = [
            TestProcess.tool, "run", "--seed", "1", "--cases", "100", "--json", "--plugin", plugin.path, "--timeout",
            "600",
            "--crashes",
            "\(plugin.folder)/crashes",
        ]
        let outcome = try TestProcess.run(words) { process in
            let output = "/proc/\(process.processIdentifier)/fd/1"
            while process.isRunning && (try? String(contentsOfFile: output, encoding: .utf8))?.hasPrefix("seed") != true
            {
                usleep(1000)
            }
            usleep(500_000)
            if process.isRunning { kill(process.processIdentifier, SIGINT) }
        }
        let report = try Self.report(outcome)
        #expect(report["cases"] as? Int ?? 100 < 100, "\(outcome)")
        #expect(report["finished"] as? Bool == false && report["ended"] as? String == "interrupted", "\(outcome)")
        #expect(outcome.output.contains("\ninterrupted before its limit\n"), "\(outcome)")
    }

    /// A plug-in that ran no case is named, and the exit status is an error.
    @Test func targetWithoutCasesIsAnError() throws {
        let plugin = try BuiltPlugin(BuiltPlugin.example)
        let run = try BuiltPlugin.runTool([
            "run", "--seed", "1", "--cases", "1", "--json", "--plugin", plugin.path, "--patcher", "delta-array",
            "--crashes", "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 1 && run.errors.contains("example \(CampaignReport.neverRunWords)"), "\(run)")
        #expect(try Self.report(run)["never_run"] as? [String] == ["example"])
    }
}
