import ArgumentParser
import Campaign

/// The range of cases, the limits and the folder for findings.
protocol CampaignRange: ParsableArguments {
    /// The seed, or `nil` for a random one.
    var seed: UInt64? { get }
    var cases: UInt64? { get }
    var jobs: Int? { get }
    var limits: LimitOptions { get }
    /// The name of the first option that is given, or `nil`.
    var givenName: String? { get }
}

extension CampaignRange {
    /// The time limit, or `nil`.
    ///
    /// - Units: seconds
    var time: Double? { limits.time }

    /// Copies the given options to a configuration.
    func apply(to configuration: inout CampaignConfiguration) {
        if let seed { configuration.cases.seed = seed }
        if let cases { configuration.cases.limit = cases }
        if let shard = limits.shard { configuration.cases.shard = shard }
        if let time { configuration.budget.time = time }
        if let jobs { configuration.budget.jobs = jobs }
        if let crashes = limits.crashes { configuration.output = crashes }
    }
}

/// The options for a range of random cases.
struct RangeOptions: CampaignRange {
    @Option(
        parsing: .unconditional,
        help: "The seed of all random choices; the same seed generates the same cases. Default: random.",
        transform: NumberOption.seed)
    var seed: UInt64?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The number of cases to run, such as 1e6.", valueName: "n"),
        transform: NumberOption.positiveCount)
    var cases: UInt64?

    @Option(
        parsing: .unconditional,
        help: "The number of worker processes, which does not affect the findings. Default: 1.",
        transform: NumberOption.count(in: 1...4096))
    var jobs: Int?

    @OptionGroup var limits: LimitOptions

    var givenName: String? {
        seed != nil
            ? "--seed" : cases != nil ? "--cases" : jobs != nil ? "--jobs" : limits.givenName
    }
}

/// The options that a campaign of random cases shares with an exhaustive one.
struct LimitOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The time limit: seconds, or 90s, 1.5h, 7d.", valueName: "time"),
        transform: NumberOption.time(from: 0.001))
    var time: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Run only one of N shards: every N-th block of 128 cases, starting with the I-th block.",
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

    /// The name of the first option that is given, or `nil`.
    var givenName: String? {
        time != nil ? "--time" : shard != nil ? "--shard" : crashes != nil ? "--crashes" : nil
    }
}
