import ArgumentParser

/// The options for the folder of a campaign, and for known findings.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder in which the campaign is kept, to go on with it later; findings go to its folder crashes.",
            valueName: "dir"))
    var state: String?

    @Flag(help: "Go on with the campaign that is in --state; its settings are used.")
    var resume = false

    @Flag(help: "Begin anew in --state; a campaign that is there is moved to a folder in it.")
    var restart = false

    @OptionGroup var known: KnownOption

    mutating func validate() throws {
        if state == nil && (resume || restart) { throw ValidationError("--resume and --restart need --state DIR") }
        if resume && restart {
            throw ValidationError("--resume goes on with a campaign and --restart begins anew; give one of them")
        }
    }
}

/// The option that says which findings do not count.
struct KnownOption: ParsableArguments {
    @Option(
        name: .customLong("known"),
        help: ArgumentHelp(
            "Buckets that do not count for the exit status, one a line; * stands for any text, # begins a comment.",
            valueName: "file"))
    var file: String?
}
