import ArgumentParser
import Campaign

/// The options for the end of a campaign and for its findings.
struct SessionOptions: ParsableArguments {
    @Flag(
        help: """
            End when the first finding that is not known is minimized. It is the same for any number of jobs.
            """)
    var untilFound = false

    @Option(
        name: .customLong("on-finding"),
        help: ArgumentHelp(
            """
            A shell command to run for each new group of findings with one cause. It reads the smallest finding on \
            standard input, in the JSON format of --json; its output goes to standard error. It runs when the finding \
            is minimized, or when the campaign ends. Groups of known findings are skipped. A command that is still \
            running 1.5 s after --time is killed.
            """, valueName: "command"))
    var command: String?

    mutating func validate() throws {
        if command?.allSatisfy(\.isWhitespace) == true {
            throw ValidationError("--on-finding: the command is empty")
        }
    }

    func session(known: KnownBuckets, time: Double?) -> CampaignSession {
        CampaignSession(
            known: known, isUntilFound: untilFound,
            command: command.map { CampaignSession.Command(option: "--on-finding", text: $0) }, time: time)
    }
}
