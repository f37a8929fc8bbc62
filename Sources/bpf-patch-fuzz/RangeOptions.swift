import ArgumentParser
import Campaign

/// The options that say which cases of a campaign are run, and where findings go.
struct RangeOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: "Where all random choices come from; the same seed gives the same cases. Default: random.",
        transform: NumberOption.seed)
    var seed: UInt64?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("How many cases to run, as 1e6.", valueName: "n"),
        transform: NumberOption.positiveCount)
    var cases: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long to run: seconds, or as 90s, 1.5h, 7d.", valueName: "time"),
        transform: NumberOption.time(from: 0.001))
    var time: Double?

    @Option(
        parsing: .unconditional,
        help: "How many worker processes. Their number does not change what is found. Default: 1.",
        transform: NumberOption.count(in: 1...4096))
    var jobs: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Run only every N-th block of 128 indices, from the I-th on; all N together are the campaign.",
            valueName: "i/n"),
        transform: { text in
            guard let shard = Shard(text) else {
                throw ValidationError("--shard takes I/N with I from 1 to N, as in 2/3")
            }
            return shard
        })
    var shard: Shard?

    @Option(
        help: ArgumentHelp(
            "The folder for findings. Default: \(CampaignConfiguration.defaultOutput).", valueName: "dir"))
    var crashes: String?

    /// Puts the options that are given into a configuration.
    func apply(to configuration: inout CampaignConfiguration) {
        if let seed { configuration.cases.seed = seed }
        if let cases { configuration.cases.limit = cases }
        if let shard { configuration.cases.shard = shard }
        if let time { configuration.budget.time = time }
        if let jobs { configuration.budget.jobs = jobs }
        if let crashes { configuration.output = crashes }
    }

    /// The name of the first option that is given, or `nil`.
    var givenName: String? {
        let all: [(String, Bool)] = [
            ("--seed", seed != nil), ("--cases", cases != nil), ("--time", time != nil), ("--jobs", jobs != nil),
            ("--shard", shard != nil), ("--crashes", crashes != nil),
        ]
        return all.first { $0.1 }?.0
    }
}
