import ArgumentParser
import Campaign
import Foundation

/// A command that runs a campaign, or goes on with one that is kept.
protocol CampaignCommand: ParsableCommand {
    associatedtype Options: CampaignOptions

    var options: Options { get }
    var kept: StateOptions { get }
    var single: SingleCaseOption { get }
    var session: SessionOptions { get }
    var all: Bool { get }
    var json: Bool { get }

    /// Checks the target, and prints warnings about it before the first case.
    ///
    /// - Throws: ``CampaignError`` or `ValidationError` when it makes no sense
    func prepare(_ target: CampaignTarget) throws
}

extension CampaignCommand {
    func run() throws {
        if let index = single.index { return try runCase(index) }
        let began = Date()
        Interrupt.watch()
        var report: CampaignReport
        do {
            if kept.state != nil && options.range.crashes != nil {
                throw ValidationError("with --state findings go to its folder crashes; leave out --crashes")
            }
            // Errors come before any output that looks like a start.
            let resumed = try openResumed()
            let known =
                kept.known.file.map { $0.isEmpty ? $0 : URL(fileURLWithPath: $0).path } ?? resumed?.checkpoint?.known
            let list = try known.map { path throws(CampaignError) in try KnownBuckets(path: path) }
            if let resumed, let checkpoint = resumed.checkpoint, checkpoint.isMerged {
                try options.checkNoneGiven(for: resumed.path)
                report = try CampaignReport(merged: checkpoint, in: resumed, host: Executable())
            } else {
                report = try runCampaign(resumed, known: known, list ?? KnownBuckets(), since: began)
            }
            report.mark(list ?? KnownBuckets(), host: Executable())
        } catch { throw stop(error) }
        try report.print(json: json, all: all)
    }

    /// The folder of a campaign that is to go on, or `nil`.
    private func openResumed() throws(CampaignError) -> StateFolder? {
        guard let path = kept.state, kept.resume else { return nil }
        return try StateFolder.open(path, host: Executable())
    }

    /// The configuration of the campaign, and the time limit of this session if it has one of its own.
    private func configuration(
        _ resumed: StateFolder?
    ) throws -> (configuration: CampaignConfiguration, sessionTime: Double?) {
        if let resumed, let part = resumed.checkpoint?.parts.first {
            return try options.configuration(resuming: part, in: resumed.path)
        }
        let seed = options.range.seed ?? UInt64(UInt32.random(in: 0 ... .max))
        return (try options.configuration(seed: seed, isKept: kept.state != nil), nil)
    }

    private func runCampaign(
        _ resumed: StateFolder?, known: String?, _ list: KnownBuckets, since began: Date
    ) throws -> CampaignReport {
        let (configuration, sessionTime) = try configuration(resumed)
        let folder = try resumed ?? newFolder(for: configuration.target)
        if folder == nil { try CrashFolder(path: configuration.output).check() }
        try prepare(configuration.target)
        var session = session.session(known: list, time: sessionTime)
        session.began = began
        let campaign = try Campaign(
            configuration: configuration, host: Executable(), state: folder, known: known, session: session)
        try Output.line("seed \(configuration.cases.seed)")
        if let folder {
            let cases = folder.checkpoint?.cases ?? 0
            try Output.line(
                "kept in \(folder.path)" + (cases == 0 ? "" : "; going on after \(CountText.of(cases, "case"))"))
        }
        for refusal in campaign.refusals { complain("skipped: \(refusal)") }
        do { return try campaign.run() } catch {
            // The findings are printed as well as the error.
            var found = campaign.reportSoFar
            found.mark(list, host: Executable())
            if !found.findings.isEmpty { try? found.print(json: json, all: all) }
            throw error
        }
    }

    /// The folder in which a new campaign is kept, or `nil`.
    private func newFolder(for target: CampaignTarget) throws(CampaignError) -> StateFolder? {
        guard let path = kept.state else { return nil }
        return try StateFolder.create(path, restarts: kept.restart, target: target, host: Executable())
    }

    /// Makes, runs and prints one case.
    private func runCase(_ index: UInt64) throws {
        let made: SingleCase
        do {
            guard let seed = options.range.seed else {
                throw ValidationError("--index takes one case of a seed; give --seed as well")
            }
            if kept.state != nil { throw ValidationError("--index keeps nothing; leave out --state") }
            let configuration = try options.configuration(seed: seed)
            try prepare(configuration.target)
            made = try configuration.runCase(index, host: Executable())
            if json {
                try Output.json(made)
            } else {
                let command = Executable().command(running: configuration.target)
                let words = ConfigurationOptions.words(ofCase: index, configuration)
                try Output.write(made.text(command: ShellText.of(command + words)))
            }
        } catch { throw stop(error) }
        if !made.findings.isEmpty { throw ExitCode.findings }
    }
}

/// The option that runs one case in place of a campaign.
struct SingleCaseOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Make, run and print the one case of --seed with this index, as a case file that says in comments what each \
            target gave. --cases, --time, --jobs, --shard and --crashes make no difference to it.
            """, valueName: "n"),
        transform: NumberOption.count)
    var index: UInt64?
}
