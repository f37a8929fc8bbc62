import Foundation
import TestSupport
import Testing

/// The screen of a campaign, as a user sees it on a terminal.
@Suite(.serialized) struct ScreenCommandTests {
    private static let script = "/usr/bin/script"

    /// Runs the tool in a pseudoterminal of 80 x 24, and returns all that it wrote there.
    private func onTerminal(_ words: String, _ environment: [String: String] = [:]) throws -> TestProcess.Outcome {
        let folder = try Tool.Folder()
        let command = "stty rows 24 cols 80; cd \(folder.path); exec \(Tool.executable.path) run --seed 3 \(words)"
        var variables = ProcessInfo.processInfo.environment
        for name in ["NO_COLOR", "COLUMNS"] { variables[name] = nil }
        variables.merge(["TERM": "xterm", "SHELL": "/bin/sh"].merging(environment) { $1 }) { $1 }
        return try TestProcess.run([Self.script, "-qec", command, "/dev/null"], environment: variables)
    }

    /// All states of the terminal during a run, by the sequence that begins each one.
    private func screens(_ output: String) -> [Terminal] {
        var terminal = Terminal(columns: 80, rows: 24)
        var screens: [Terminal] = []
        for part in output.replacing("\r\n", with: "\n").split(separator: "\u{1b}[K", omittingEmptySubsequences: false)
        {
            terminal.write("\u{1b}[K" + part)
            screens.append(terminal)
        }
        return screens
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: script))) func terminalHasAScreen() throws {
        let run = try onTerminal("--time 5 --jobs 2 --patcher planted-back-jump --patcher engine --crashes c")
        #expect(run.status == 77, "\(run.output) \(run.errors)")
        let whole = try #require(
            screens(run.output).last { screen in screen.lines.contains { $0.hasPrefix("workers   2 of 2 run") } })
        let text = whole.lines.joined(separator: "\n")
        #expect(text.contains(#/cases +[0-9,]+ +now [0-9,]+/s +average [0-9,]+/s/#), "\(text)")
        #expect(text.contains(#/refused +[0-9.]+% +of [0-9,]+ cases/#), "\(text)")
        #expect(text.contains(#/memory [1-9][0-9,]* MiB/#), "\(text)")
        #expect(text.contains(#/findings  [0-9]+ buckets?, /#) && text.contains("  planted-back-jump/"), "\(text)")
        #expect(
            text.contains(#/generator, oracle +[0-9.]+%/#) && text.contains(#/engine +[0-9.]+% +[0-9,]+ +0/#), "\(text)"
        )
        // The report follows, without a rest of the screen.
        let last = try #require(screens(run.output).last)
        #expect(!last.lines.contains { $0.hasPrefix("workers ") }, "\(last.lines)")
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: script)),
        arguments: [
            ("--time 2 --crashes c", ["NO_COLOR": "1"]), ("--time 2 --crashes c --quiet", [:]),
        ] as [(String, [String: String])])
    func plainLinesHaveNoControlSequence(_ words: String, _ environment: [String: String]) throws {
        let run = try onTerminal(words + " --patcher planted-back-jump", environment)
        #expect(run.status == 77 && !run.output.contains("\u{1b}"), "\(run.output)")
        #expect(run.output.contains("0:00:0") == (environment["NO_COLOR"] != nil), "\(run.output)")
    }

    /// With `--quiet`, standard error is empty, and the report is complete.
    @Test func quietCampaignWritesTheReportOnly() throws {
        let folder = try Tool.Folder()
        let words = [
            "run", "--seed", "3", "--cases", "2000", "--patcher", "planted-back-jump", "--crashes", folder.path + "/c",
        ]
        let loud = try Tool.run(words)
        let quiet = try Tool.run(words + ["--quiet"])
        #expect(loud.errors.contains("found planted-back-jump/"))
        #expect(quiet.errors.isEmpty && quiet.status == 77, "\(quiet.errors)")
        #expect(quiet.output.contains("findings in"))
    }

    /// The number of refused cases is the same for any number of workers.
    @Test func refusedCasesAreCounted() throws {
        let folder = try Tool.Folder()
        var counts: [String] = []
        for jobs in ["1", "2"] {
            let state = folder.path + "/" + jobs
            let run = try Tool.run(["run", "--seed", "3", "--cases", "20000", "--jobs", jobs, "--state", state])
            #expect(run.status == 0, "\(run.errors)")
            let checkpoint = try String(contentsOfFile: state + "/checkpoint", encoding: .utf8)
            counts.append(String(try #require(checkpoint.firstMatch(of: #/"refusedCases":([0-9]+)/#)).1))
        }
        #expect(counts[0] == counts[1] && Int(counts[0]).map { (400...4000).contains($0) } == true, "\(counts)")
    }
}
