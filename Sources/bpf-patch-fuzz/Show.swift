import ArgumentParser
import Campaign
import Foundation
import Fuzzing

/// `show`: the picture of a case.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show program, passes and result side by side, with jumps drawn and the wrong one marked.",
        discussion: """
            The picture is as wide as the terminal, or as COLUMNS says; colour is left out when the output is no \
            terminal or NO_COLOR is set. What a running kernel did wrong is drawn as the case has it; nothing is loaded.

            Example:
              bpf-patch-fuzz show Seeds/may-goto-backward-expanded.case
            """)

    @Argument(help: "A case file, or a file with one JSON line.")
    var file: String

    @OptionGroup var patchers: PatcherOptions

    func run() throws {
        do {
            let c = try CaseSource.single(file)
            var choices = try patchers.chosen(for: c.target)
            if !Confinement.isInside {
                if let target = c.target, patchers.isStranger(target, choices) {
                    complain(
                        "note: this case was found with \(target), which is not asked; name it with --plugin \(target)=FILE"
                    )
                }
                choices = try survivors(of: c, choices)
            }
            try confine(choices)
            let isTerminal = isatty(STDOUT_FILENO) != 0
            let environment = ProcessInfo.processInfo.environment
            let picture = CasePicture(
                c, patchers: choices.map { $0.make() }, width: Self.width(environment, isTerminal: isTerminal),
                color: isTerminal && environment["NO_COLOR", default: ""].isEmpty)
            let text: String
            do { text = try picture.text() } catch {
                throw CampaignError("\(file): the program is ill formed: \(error)")
            }
            try Output.write(text)
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
    }

    /// Those who live through a case; what becomes of the others is said here, since they cannot be asked for a picture.
    private func survivors(of c: Case, _ choices: [PatcherChoice]) throws -> [PatcherChoice] {
        let judge = SacrificedJudge(PatcherSubject(choices), program: Executable.url)
        _ = judge.findings(of: c, against: nil)
        if let failure = judge.failure { throw failure }
        if judge.deaths.isEmpty { return choices }
        for death in judge.deaths { try Output.line("✗ \(death.target): \(death.rule.rawValue): \(death.detail)") }
        if let report = judge.report { try Output.line(report) }
        try Output.line("")
        return choices.filter { choice in
            choice.plugin == nil && !judge.deaths.contains { $0.target == choice.name }
        }
    }

    /// How many columns there are.
    private static func width(_ environment: [String: String], isTerminal: Bool) -> Int {
        if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 { return min(columns, 1000) }
        var size = winsize()
        let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
        if isTerminal && isKnown && size.ws_col > 0 { return Int(size.ws_col) }
        return 120
    }
}
