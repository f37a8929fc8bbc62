import ArgumentParser
import BPF
import Campaign
import Foundation
import Fuzzing

/// `show`: draws a case.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw the program, passes and result of a case side by side, with jumps and faults marked.",
        usage: "bpf-patch-fuzz show <file> [<options>]",
        discussion: """
            The width is COLUMNS, or that of the terminal, else 120 columns. Colour is used only on a terminal without \
            NO_COLOR. The fault of a kernel is drawn from the case file; no program is loaded. A case is judged under \
            the conditions in its file.

            Exit status: 0 if the picture is drawn, 77 if the expectation in the file differs from the correct result.

            Example:
              bpf-patch-fuzz show Seeds/may-goto-backward-expanded.case
            """)

    @Argument(help: "A case file, or a file with one JSON line.")
    var file: String

    @OptionGroup var patchers: PatcherOptions
    @OptionGroup var judging: JudgingOptions
    @OptionGroup var budget: BudgetOptions

    /// The deaths of patchers, as JSON for the process that draws.
    @Option(name: .customLong("died"), help: .hidden)
    var died: String?

    /// Prints the content of an HTML `pre`, for reports.
    @Flag(help: .hidden)
    var html = false

    /// The deaths of patchers in the case.
    private struct Deaths: Codable {
        var findings: [Finding] = []
        /// The report of a sanitizer, or `nil`.
        var report: String?
    }

    func run() throws {
        do {
            var c = try CaseSource.single(file)
            let choice = try patchers.judgeChoice(judging, budget)
            let target = choice.ownPatcher(for: c)
            let options = target.oracleOptions
            var deaths = try died.map { try JSONDecoder().decode(Deaths.self, from: Data($0.utf8)) } ?? Deaths()
            if !PluginSandbox.isInside {
                if let missing = choice.missingPatcher(of: c) {
                    complain("note: this case was \(PatcherOptions.missingText(missing))")
                }
                deaths = try self.deaths(of: c, target)
            }
            let living = target.patchers.filter { choice in !deaths.findings.contains { $0.target == choice.name } }
            let words = String(decoding: try JSONEncoder().encode(deaths), as: UTF8.self)
            try confine(living, adding: deaths.findings.isEmpty ? [] : ["--died", words])
            c.report = deaths.report ?? c.report
            let isTerminal = isatty(STDOUT_FILENO) != 0
            let environment = ProcessInfo.processInfo.environment
            let picture = CasePicture(
                c, patchers: options.make(living), width: html ? CasePicture.pageWidth : OutputWidth.columns,
                color: isTerminal && environment["NO_COLOR", default: ""].isEmpty,
                beyondContract: options.beyondContract, oracle: options.oracle, deaths: deaths.findings)
            let text: String
            let isWrong: Bool
            do throws(ProgramFault) {
                text = html ? try picture.html() : try picture.text()
                isWrong = try picture.expectationFault() != nil
            } catch { throw CampaignError("\(file): the program is ill formed: \(error)") }
            try Output.write(text)
            if isWrong { throw ExitCode.findings }
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
    }

    /// The deaths of patchers in the case; a dead patcher has no result to draw.
    private func deaths(of c: Case, _ target: PatcherTarget) throws -> Deaths {
        let judge = OutOfProcessJudge(.patchers(target), host: Executable())
        _ = judge.findings(of: c, against: nil)
        if let failure = judge.failure { throw failure }
        return Deaths(findings: judge.deaths, report: judge.report)
    }
}
