import ArgumentParser
import Campaign

/// `merge`: joins states.
struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Join the states of shards of a campaign, or of several campaigns.",
        usage: "bpf-patch-fuzz merge <dir> ... --output <dir> [<options>]",
        discussion: """
            Cases, sightings and times are added up; of each bucket the smallest case is kept. The sightings are those of one \
            campaign over the same cases. Buckets that were only met while minimizing, and which buckets one finding \
            explains, may differ from it: each shard minimizes the first case of its own. The states are left as they are. The result can be looked at with 'run --state DIR --resume' and merged again, but it cannot be resumed: \
            the states that were merged can.

            Example: a campaign in two parts, of which each may run on another machine:
              bpf-patch-fuzz run --seed 1 --cases 1000000 --shard 1/2 --state part-1
              bpf-patch-fuzz run --seed 1 --cases 1000000 --shard 2/2 --state part-2
              bpf-patch-fuzz merge part-1 part-2 -o whole
            """)

    @Argument(help: ArgumentHelp("Folders of --state.", valueName: "dir"))
    var states: [String]

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The folder to make; it must not be there yet, or be empty.", valueName: "dir"))
    var output: String

    @OptionGroup var known: KnownOption

    @Flag(help: "Print a line for each bucket too, and findings that are known.")
    var all = false

    @Flag(help: "Print the report as one line of JSON, the last on standard output.")
    var json = false

    func run() throws {
        var report: CampaignReport
        do {
            let list = try known.file.map { path throws(CampaignError) in try KnownBuckets(path: path) }
            report = try StateMerger.merge(states, into: output, host: Executable())
            report.mark(list ?? KnownBuckets(), host: Executable())
        } catch { throw stop(error) }
        try report.print(json: json, all: all)
    }
}
