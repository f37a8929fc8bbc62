import ArgumentParser

/// The options for the state folder, and for known findings.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A folder for the state of the campaign, so that it can be resumed; findings go to crashes in it.",
            valueName: "dir"))
    var state: String?

    @Flag(help: "Resume the campaign in --state with its settings.")
    var resume = false

    @Flag(help: "Start a new campaign in --state; an existing one is moved to a folder in it.")
    var restart = false

    @OptionGroup var known: KnownOption

    mutating func validate() throws {
        if state == nil && (resume || restart) { throw ValidationError("--resume and --restart need --state DIR") }
        if resume && restart {
            throw ValidationError("--resume continues a campaign and --restart starts a new one; give one of them")
        }
    }
}

/// The option for known buckets.
struct KnownOption: ParsableArguments {
    @Option(
        name: .customLong("known"),
        help: ArgumentHelp(
            "A list of buckets that do not affect the exit status, one a line; * matches any text, # begins a comment.",
            valueName: "file"))
    var file: String?
}
