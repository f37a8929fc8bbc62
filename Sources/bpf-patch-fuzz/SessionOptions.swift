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

    @Flag(
        help: """
            Print no progress and no new findings while the campaign runs. Errors, and notes about killed workers, are \
            printed.
            """)
    var quiet = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Serve metrics at http://127.0.0.1:PORT/metrics while the campaign runs, in the text format of Prometheus. \
            With 0, a free port is chosen and printed.
            """, valueName: "port"),
        transform: NumberOption.count(in: 0...65535))
    var metrics: Int?

    mutating func validate() throws {
        if command?.allSatisfy(\.isWhitespace) == true {
            throw ValidationError("--on-finding: the command is empty")
        }
    }

    /// Makes the session, and takes the port of the metrics.
    ///
    /// - Throws: ``CampaignError`` if the port cannot be used
    func session(known: KnownBuckets, time: Double?) throws(CampaignError) -> CampaignSession {
        var session = CampaignSession(
            known: known, isUntilFound: untilFound,
            command: command.map { CampaignSession.Command(option: "--on-finding", text: $0) }, time: time)
        session.isQuiet = quiet
        if let metrics {
            let server = try MetricsServer(port: UInt16(metrics))
            if !quiet || metrics == 0 { complain("metrics: \(server.address)") }
            session.metrics = server
        }
        return session
    }
}
