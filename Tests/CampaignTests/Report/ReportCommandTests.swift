import Foundation
import TestSupport
import Testing

@testable import Campaign

/// The option `--report` and the command `report`, as a user runs them.
@Suite struct ReportCommandTests {
    private let base = ["run", "--seed", "3", "--cases", "256", "--jobs", "1", "--patcher", "planted-lost-aux"]
    private let clean = ["run", "--seed", "3", "--cases", "256", "--jobs", "1", "--patcher", "engine"]

    @Test func runWritesEveryFormat() throws {
        let folder = try Tool.Folder()
        let reports = ReportFormat.allCases.flatMap { ["--report", "\($0.rawValue)=\(folder.path)/\($0.rawValue)"] }
        let run = try Tool.run(base + ["--crashes", folder.path + "/crashes"] + reports)
        #expect(run.status == 77, "\(run)")
        for format in ReportFormat.allCases {
            let text = try String(contentsOfFile: "\(folder.path)/\(format.rawValue)", encoding: .utf8)
            #expect(text.contains("planted-lost-aux/aux/"), "\(format)")
        }
        let page = try String(contentsOfFile: folder.path + "/html", encoding: .utf8)
        #expect(page.contains("── planted-lost-aux: aux") && page.contains("class=\"w\""))
        let mail = try String(contentsOfFile: folder.path + "/mail", encoding: .utf8)
        #expect(mail.contains("    program\n"))
    }

    /// Other text goes to standard error, so that a pipe gets the report alone.
    @Test func reportGoesToStandardOutput() throws {
        let folder = try Tool.Folder()
        let run = try Tool.run(clean + ["--crashes", folder.path, "--report", "ktap=-"])
        #expect(run.status == 0 && run.output.hasPrefix("KTAP version 1\n"), "\(run)")
        #expect(run.errors.contains("seed 3") && !run.output.contains("seed 3\n0"), "\(run)")
    }

    @Test func unwritableReportIsAnErrorBeforeTheCampaign() throws {
        let folder = try Tool.Folder()
        let run = try Tool.run(clean + ["--crashes", folder.path, "--report", "junit=\(folder.path)/none/a.xml"])
        #expect(run.status == 1 && run.output.isEmpty && run.errors.contains("none"), "\(run)")
        #expect(run.errors.split(separator: "\n").count == 1, "\(run)")
    }

    @Test(arguments: [["xml=a"], ["ktap"], ["ktap="], ["ktap=-", "junit=-"], ["ktap=a", "junit=a"]])
    func wrongReportsAreRefused(_ values: [String]) throws {
        let run = try Tool.run(clean + values.flatMap { ["--report", $0] })
        #expect(run.status == 64 && run.errors.contains("--report"), "\(run)")
    }

    /// kselftest has its own statuses.
    @Test func kselftestChangesTheStatus() throws {
        let folder = try Tool.Folder()
        let report = ["--crashes", folder.path + "/crashes", "--kselftest", "--report", "ktap=-"]
        #expect(try Tool.run(clean + report).status == 0)
        let found = try Tool.run(base + report)
        #expect(found.status == 1 && found.output.contains("# Totals: pass:0 fail:1 "), "\(found)")
        // An error before the first case is a skip, and the report has it.
        let skipped = try Tool.run(clean + ["--objects", folder.path + "/none"] + report)
        #expect(skipped.status == 4 && skipped.output.contains("ok 1 harness # SKIP "), "\(skipped)")
        #expect(try Tool.run(clean + ["--cases", "x", "--kselftest"]).status == 64)
    }

    @Test func replayReportsEachCase() throws {
        let folder = try Tool.Folder()
        _ = try Tool.run(base + ["--crashes", folder.path + "/crashes"])
        _ = try folder.write("no case\n", to: "crashes/wrong.case")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/crashes").count
        let run = try Tool.run(["replay", folder.path + "/crashes", "--report", "ktap=-"])
        #expect(run.status == 77 && run.output.contains("\n1..\(files)\n"), "\(run.output.prefix(600))")
        #expect(run.output.contains("# ERROR \(folder.path)/crashes/wrong.case:1:"), "\(run.output.suffix(600))")
    }

    @Test func stateBecomesAPage() throws {
        let folder = try Tool.Folder()
        let state = folder.path + "/state"
        _ = try Tool.run(base + ["--state", state])
        let before = try Data(contentsOf: URL(fileURLWithPath: state + "/checkpoint"))
        let run = try Tool.run(["report", state, "-o", folder.path + "/page.html"])
        #expect(run.status == 0 && run.output.isEmpty && run.errors.isEmpty, "\(run)")
        let page = try String(contentsOfFile: folder.path + "/page.html", encoding: .utf8)
        #expect(page.contains("<b>256</b>cases") && page.contains("── planted-lost-aux: aux"), "\(page.prefix(6000))")
        #expect(!page.contains("still running"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: state + "/checkpoint")) == before)
        let none = try Tool.run(["report", folder.path + "/none", "-o", folder.path + "/page.html"])
        #expect(none.status == 1 && none.errors.contains("none contains no campaign"), "\(none)")
    }

    /// The page of a running campaign is of its last checkpoint, and says so.
    @Test func runningStateIsReported() throws {
        let folder = try Tool.Folder()
        let state = folder.path + "/state"
        var page = ""
        _ = try Tool.run(["run", "--seed", "3", "--jobs", "1", "--patcher", "engine", "--state", state]) { program in
            while !FileManager.default.fileExists(atPath: state + "/checkpoint") { usleep(10_000) }
            page = try Tool.run(["report", state, "-o", "-"]).output
            kill(program.processIdentifier, SIGINT)
        }
        #expect(page.contains("The campaign is still running."), "\(page.prefix(3000))")
    }
}
