import ArgumentParser
import Campaign

/// `merge`: merges the states of campaigns.
struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Merge the states of shards of a campaign, or of several campaigns.",
        usage: "bpf-patch-fuzz merge <dir> ... --output <dir> [<options>]",
        discussion: """
            Cases, sightings and times are added up, and the smallest case of each bucket is kept. The sightings equal \
            those of one campaign over the same cases. Buckets that were hit only while another was minimized, and the \
            groups of findings, may differ from it, since each shard minimizes its own first case. The states are not \
            changed. 'run --state DIR --resume' prints the merged report again. Merged states can be merged again, but \
            not resumed; resume the original states instead.

            Example: a campaign in two shards, which may run on different machines:
              bpf-patch-fuzz run --seed 1 --cases 1000000 --shard 1/2 --state part-1
              bpf-patch-fuzz run --seed 1 --cases 1000000 --shard 2/2 --state part-2
              bpf-patch-fuzz merge part-1 part-2 -o whole
            """)

    @Argument(help: ArgumentHelp("State folders of campaigns (--state).", valueName: "dir"))
    var states: [String]

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The folder for the merged state; it must be new or empty.", valueName: "dir"))
    var output: String

    @OptionGroup var known: KnownOption

    @OptionGroup var reporting: ReportOptions

    func run() throws {
        try reporting.files.run("merge") { files in
            let list = try known.file.map { path throws(CampaignError) in try KnownBuckets(path: path) }
            var report = try StateMerger.merge(states, into: output, host: Executable())
            report.mark(list ?? KnownBuckets(), host: Executable())
            let status = try report.print(reporting)
            return (TestReport(report, command: "merge", host: Executable(), isDrawn: files.needsPictures), status)
        }
    }
}
