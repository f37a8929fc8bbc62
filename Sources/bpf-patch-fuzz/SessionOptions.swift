import ArgumentParser
import Campaign

/// The options for the end of a campaign and for its findings.
struct SessionOptions: ParsableArguments {
    @Flag(
        help: """
            End with the first finding that is not known, minimized and written down: the same one for any number of jobs.
            """)
    var untilFound = false

    @Option(
        name: .customLong("on-finding"),
        help: ArgumentHelp(
            """
            A command that 'sh -c' runs once for each new group of findings that one cause explains, unless all of it is \
            known, with the smallest finding as JSON on its standard input, as --json has it; its output goes to standard \
            error. It is run once the finding is minimized, or when the campaign ends. A command that still runs a second \
            and a half after --time is killed.
            """, valueName: "command"))
    var command: String?

    mutating func validate() throws {
        if command?.allSatisfy(\.isWhitespace) == true {
            throw ValidationError("--on-finding takes a command; it is empty")
        }
    }

    func session(known: KnownBuckets, time: Double?) -> CampaignSession {
        CampaignSession(
            known: known, isUntilFound: untilFound,
            command: command.map { CampaignSession.Command(option: "--on-finding", text: $0) }, time: time)
    }
}
