import ArgumentParser
import Campaign

/// The options that say which cases of a campaign are run, and where findings go.
struct RangeOptions: ParsableArguments {
    @Option(help: "Where all random choices come from; the same seed gives the same cases. Default: random.")
    var seed: UInt64?

    @Option(help: "How many cases to run.")
    var cases: UInt64?

    @Option(help: ArgumentHelp("How long to run.", valueName: "seconds"))
    var time: Double?

    @Option(help: "How many worker processes. Their number does not change what is found.")
    var jobs = 1

    @Option(
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

    mutating func validate() throws {
        if jobs < 1 || jobs > 4096 { throw ValidationError("--jobs takes a number from 1 to 4096") }
        if let time, !(time >= 0 && time < 1e9) { throw ValidationError("--time takes seconds, 0 or more") }
    }

    /// The settings of a campaign.
    func settings(seed: UInt64, of subject: any CampaignSubject) -> CampaignSettings {
        CampaignSettings(
            seed: seed, cases: cases, time: time, jobs: jobs, subject: subject, shard: shard, crashes: crashes)
    }
}
