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
            terminal or NO_COLOR is set.

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
            if c.isDeadly {
                // A patcher that ends the process, or never answers, cannot be asked here.
                complain("note: \(c.target ?? "the patcher") gives no answer to this case; the rules' result is shown")
                choices = []
            }
            try confine(choices)
            let isTerminal = isatty(STDOUT_FILENO) != 0
            let environment = ProcessInfo.processInfo.environment
            let picture = CasePicture(
                c, patchers: choices.map { $0.make() }, width: Self.width(environment, isTerminal: isTerminal),
                color: isTerminal && environment["NO_COLOR", default: ""].isEmpty)
            do { try Output.write(try picture.text()) } catch {
                throw CampaignError("\(file): the program is ill formed: \(error)")
            }
        } catch let code as ExitCode { throw code } catch { throw stop(error) }
    }

    /// How many columns there are.
    private static func width(_ environment: [String: String], isTerminal: Bool) -> Int {
        if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 { return columns }
        var size = winsize()
        let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
        if isTerminal && isKnown && size.ws_col > 0 { return Int(size.ws_col) }
        return 120
    }
}
