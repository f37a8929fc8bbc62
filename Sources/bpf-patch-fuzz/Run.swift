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

    @OptionGroup var budget: BudgetOptions

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
            objects: objects, workloads: workloads.chosen, shard: shard, budget: budget.chosen, crashes: crashes)
    }
}

/// `run`: a campaign.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a campaign.",
        discussion: """
            Without --cases or --time it runs until it is interrupted. Findings are minimised and written to the \
            folder of --crashes, one file a bucket.

            With --state the campaign is kept in a folder: after an interrupt, a crash of the machine or a full disk, \
            --resume goes on where it stopped. With it, --jobs, --known and --json may be given anew, --cases may be \
            raised, and --time says how much longer to run.

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

    @OptionGroup var kept: StateOptions

    @Flag(help: "Print the report as one line of JSON, the last on standard output.")
    var json = false

    func run() throws {
        Interrupt.watch()
        var report: CampaignReport
        do {
            // What cannot work is said before anything that looks like a start.
            let folder = try openState()
            let known = kept.known.file.map { URL(fileURLWithPath: $0).path } ?? folder?.checkpoint?.known
            let list = try known.map { path throws(CampaignError) in try KnownBuckets(path: path) }
            if let folder, let checkpoint = folder.checkpoint, checkpoint.isMerged {
                try CampaignOptions.checkNothingIsGiven(for: folder.path)
                report = try CampaignReport(merged: checkpoint, in: folder)
            } else {
                report = try runCampaign(folder, known: known)
            }
            report.mark(list ?? KnownBuckets())
        } catch { throw stop(error) }
        try report.print(json: json)
    }

    /// The folder of the campaign, if it has one.
    private func openState() throws(CampaignError) -> StateFolder? {
        guard let path = kept.state else { return nil }
        if kept.resume { return try StateFolder.open(path) }
        return try StateFolder.create(path, restarts: kept.restart, command: CommandLine.arguments[0].shellQuoted)
    }

    private func runCampaign(_ folder: StateFolder?, known: String?) throws -> CampaignReport {
        let settings: CampaignSettings
        if let folder, let part = folder.checkpoint?.parts.first {
            settings = try options.settings(resuming: part, in: folder.path)
        } else {
            let seed = options.seed ?? UInt64(UInt32.random(in: 0 ... .max))
            settings = try folder == nil ? options.settings(seed: seed) : options.settingsToKeep(seed: seed)
        }
        try options.judging.check(settings.patchers)
        if Set(settings.patchers.map(\.capabilities)).count > 1 && settings.patchers.allSatisfy({ $0.plugin != nil }) {
            complain("note: cases are made for all plug-ins together; one that can do less than others is spared many")
        }
        let campaign = try Campaign(settings: settings, program: Executable.url, state: folder, known: known)
        try Output.line("seed \(settings.seed)")
        try Output.line(
            "repeat with: \(CommandLine.arguments[0].shellQuoted) run "
                + settings.arguments.map(\.shellQuoted).joined(separator: " "))
        if let folder {
            let cases = folder.checkpoint?.cases ?? 0
            try Output.line("kept in \(folder.path)" + (cases == 0 ? "" : "; going on after \(cases) cases"))
        }
        for refusal in campaign.refusals { complain("skipped: \(refusal)") }
        return try campaign.run()
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
    @OptionGroup var budget: BudgetOptions

    func run() throws {
        do {
            try JudgeServer(patchers: try patchers.chosen(), terms: judging.terms, budget: budget.chosen).run()
        } catch { throw stop(error) }
    }
}
