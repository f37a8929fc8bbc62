import ArgumentParser
import Campaign
import Foundation

/// The options that say what a campaign is; a worker is told the same.
struct CampaignOptions: ParsableArguments {
    @Option(help: "Where all random choices come from; the same seed gives the same cases. Default: random.")
    var seed: UInt64?

    @Option(help: "How many cases to run.")
    var cases: UInt64?

    @Option(help: ArgumentHelp("How long to run.", valueName: "seconds"))
    var time: Double?

    @Option(help: "How many worker processes. Their number does not change what is found.")
    var jobs = 1

    @OptionGroup var patchers: PatcherOptions

    @OptionGroup var judging: JudgingOptions

    @Option(
        help: ArgumentHelp("An ELF object or folder whose programs are edited; may be repeated.", valueName: "path"))
    var objects: [String] = []

    @OptionGroup var workloads: WorkloadOptions

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

    @OptionGroup var limits: LimitOptions

    @Option(help: ArgumentHelp("The folder for findings.", valueName: "dir"))
    var crashes = "Crashes"

    mutating func validate() throws {
        if jobs < 1 || jobs > 4096 { throw ValidationError("--jobs takes a number from 1 to 4096") }
        if let time, !(time >= 0 && time < 1e9) { throw ValidationError("--time takes seconds, 0 or more") }
    }

    /// - Throws: ``PluginError`` when a plug-in cannot be used
    func settings(seed: UInt64) throws -> CampaignSettings {
        CampaignSettings(
            seed: seed, cases: cases, time: time, jobs: jobs, patchers: try patchers.chosen(), terms: judging.terms,
            objects: objects, workloads: workloads.chosen, shard: shard, limits: limits.chosen, crashes: crashes)
    }
}

/// `run`: a campaign.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a campaign.",
        discussion: """
            Without --cases or --time it runs until it is interrupted. Findings are minimised and written to the \
            folder of --crashes, one file a bucket.

            Example: one minute on two cores, from the programs of installed objects:
              bpf-patch-fuzz run --time 60 --jobs 2 --objects /usr/lib/x86_64-linux-gnu/bpf

            Edits are random, or with --workload those that the kernel would make:
            \(WorkloadOptions.list)

            With --plugin, the plug-ins alone are tested, unless --patcher names others to stand beside them:
              bpf-patch-fuzz run --time 60 --plugin ./mine.so --crashes /tmp/crashes

            To see what a finding looks like, name a patcher that is wrong on purpose:
              bpf-patch-fuzz run --cases 10000 --patcher planted-back-jump --crashes /tmp/crashes
            """)

    @OptionGroup var options: CampaignOptions

    @Flag(help: "Print the report as one line of JSON, the last on standard output.")
    var json = false

    func run() throws {
        let report: CampaignReport
        do {
            let settings = try options.settings(seed: options.seed ?? UInt64(UInt32.random(in: 0 ... .max)))
            Interrupt.watch()
            // What cannot work is said before anything that looks like a start.
            let campaign = try Campaign(settings: settings, program: Executable.url)
            try Output.line("seed \(settings.seed)")
            try Output.line(
                "repeat with: \(CommandLine.arguments[0].shellQuoted) run "
                    + settings.arguments.map(\.shellQuoted).joined(separator: " "))
            for refusal in campaign.refusals { complain("skipped: \(refusal)") }
            report = try campaign.run()
        } catch { throw stop(error) }
        for finding in report.findings {
            let times = finding.sightings == 1 ? "once" : "\(finding.sightings) times"
            let seen = finding.sightings == 0 ? "met while minimising" : "seen \(times)"
            try Output.line(
                "\(finding.bucket): \(seen), first at \(finding.index): \(finding.passes) passes, "
                    + "\(finding.edits) edits, \(finding.insns) slots: \(finding.file)"
                    + (finding.earlierSeed.map { ", kept from seed \($0)" } ?? ""))
        }
        try Output.line(
            "\(report.cases) cases in \(Int(report.seconds.rounded())) s, \(Int(report.casesPerSecond)) a second, "
                + "\(report.findings.count) findings")
        if json { try Output.json(report) }
        if !report.findings.isEmpty { throw ExitCode.findings }
    }
}

/// `worker`: the inside of a worker process; started by `run`.
struct RunWorker: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    @Option var board: String
    @Option var number: Int
    @Option var first: UInt64?
    @OptionGroup var options: CampaignOptions

    func run() throws {
        do {
            let settings = try options.settings(seed: options.seed ?? 0)
            try Worker(settings: settings, board: board, number: number, first: first).run()
        } catch { throw stop(error) }
    }
}

/// `judge`: a process that asks patchers about single cases; started by whoever must outlive them.
struct RunJudge: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "judge", shouldDisplay: false)

    @OptionGroup var patchers: PatcherOptions
    @OptionGroup var judging: JudgingOptions
    @OptionGroup var limits: LimitOptions

    func run() throws {
        do {
            try JudgeServer(patchers: try patchers.chosen(), terms: judging.terms, limits: limits.chosen).run()
        } catch { throw stop(error) }
    }
}
