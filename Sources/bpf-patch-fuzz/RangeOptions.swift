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
        parsing: .unconditional, help: "How many worker processes. Their number does not change what is found.",
        transform: NumberOption.count(in: 1...4096))
    var jobs = 1

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
    var shard = Shard.whole

    @Option(help: ArgumentHelp("The folder for findings.", valueName: "dir"))
    var crashes = "Crashes"

    /// The settings of a campaign.
    func settings(seed: UInt64, of subject: any CampaignSubject) -> CampaignSettings {
        CampaignSettings(
            seed: seed, cases: cases, time: time, jobs: jobs, subject: subject, shard: shard, crashes: crashes)
    }
}
