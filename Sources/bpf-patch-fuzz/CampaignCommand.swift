import ArgumentParser
import Campaign
import Foundation

/// A command that runs or resumes a campaign.
///
/// The options of the campaign are its own, not those of a group: a debug build of the argument parser takes five times
/// as long for each level of groups.
protocol CampaignCommand: ParsableCommand, CampaignOptions {
    var kept: StateOptions { get }
    var single: SingleCaseOption { get }
    var session: SessionOptions { get }
    var reporting: ReportOptions { get }
    /// True if code that the check does not understand is no error.
    var allowsUnexplained: Bool { get }

    /// The command without its options.
    static var title: String { get }

    /// Checks the target, and prints warnings about it before the first case.
    ///
    /// - Throws: ``CampaignError`` or `ValidationError` if the target cannot be tested
    func prepare(_ target: CampaignTarget) throws

    /// Adds what the options ask for to the report.
    func complete(_ report: inout CampaignReport)

    /// Prints what the options ask for in addition to the report.
    func explain(_ report: CampaignReport) throws

    /// Prints the first line of a campaign.
    ///
    /// - Throws: `ValidationError` if the campaign must not start
    func begin(_ configuration: CampaignConfiguration, isResumed: Bool) throws
}

extension CampaignCommand {
    func begin(_ configuration: CampaignConfiguration, isResumed: Bool) throws {
        try Output.line("seed \(configuration.cases.seed)")
    }
}

extension CampaignCommand {
    var allowsUnexplained: Bool { false }
    func explain(_ report: CampaignReport) throws {}
    func complete(_ report: inout CampaignReport) {}

    func run() throws {
        if let index = single.index { return try runCase(index) }
        let began = Date()
        Interrupt.watch()
        try reporting.files.run(Self.title) { files in
            var report: CampaignReport
            if kept.state != nil && range.limits.crashes != nil {
                throw ValidationError("with --state, findings are written to its folder crashes; leave out --crashes")
            }
            // These errors must precede the line with the seed.
            let resumed = try openResumed()
            let known =
                kept.known.file.map { $0.isEmpty ? $0 : URL(fileURLWithPath: $0).path } ?? resumed?.checkpoint?.known
            let list = try known.map { path throws(CampaignError) in try KnownBuckets(path: path) }
            if let resumed, let checkpoint = resumed.checkpoint, checkpoint.isMerged {
                try checkNoneGiven(for: resumed.path)
                report = try CampaignReport(merged: checkpoint, in: resumed, host: Executable())
            } else {
                report = try runCampaign(resumed, known: known, list ?? KnownBuckets(), since: began)
            }
            report.mark(list ?? KnownBuckets(), host: Executable())
            complete(&report)
            try explain(report)
            let status = try report.print(reporting, allowsUnexplained: allowsUnexplained)
            return (TestReport(report, command: Self.title, host: Executable(), isDrawn: files.needsPictures), status)
        }
    }

    /// The state folder of a campaign to be resumed, or `nil`.
    private func openResumed() throws(CampaignError) -> StateFolder? {
        guard let path = kept.state, kept.resume else { return nil }
        return try StateFolder.open(path, host: Executable())
    }

    /// The configuration of the campaign, and a time limit that applies to this session only.
    private func configuration(
        _ resumed: StateFolder?
    ) throws -> (configuration: CampaignConfiguration, sessionTime: Double?) {
        if let resumed, let part = resumed.checkpoint?.parts.first {
            return try configuration(resuming: part, in: resumed.path)
        }
        let seed = range.seed ?? UInt64(UInt32.random(in: 0 ... .max))
        return (try configuration(seed: seed, isKept: kept.state != nil), nil)
    }

    private func runCampaign(
        _ resumed: StateFolder?, known: String?, _ list: KnownBuckets, since began: Date
    ) throws -> CampaignReport {
        let (configuration, sessionTime) = try configuration(resumed)
        // A taken port is reported before a folder is made.
        var session = try session.session(known: list, time: sessionTime)
        session.began = began
        let folder = try resumed ?? newFolder(for: configuration.target)
        if folder == nil { try CrashFolder(path: configuration.output).check() }
        try prepare(configuration.target)
        let campaign = try Campaign(
            configuration: configuration, host: Executable(), state: folder, known: known, session: session)
        try begin(configuration, isResumed: resumed != nil)
        if let folder {
            let cases = folder.checkpoint?.cases ?? 0
            try Output.line(
                "kept in \(folder.path)" + (cases == 0 ? "" : "; resuming after \(CountText.of(cases, "case"))"))
        }
        for refusal in campaign.refusals { complain("skipped: \(refusal)") }
        do { return try campaign.run() } catch {
            // The findings so far are printed in addition to the error.
            var found = campaign.reportSoFar
            found.mark(list, host: Executable())
            if !found.findings.isEmpty { _ = try? found.print(reporting, allowsUnexplained: allowsUnexplained) }
            throw error
        }
    }

    /// The state folder of a new campaign, or `nil`.
    private func newFolder(for target: CampaignTarget) throws(CampaignError) -> StateFolder? {
        guard let path = kept.state else { return nil }
        return try StateFolder.create(path, restarts: kept.restart, target: target, host: Executable())
    }

    /// Generates, runs and prints one case.
    private func runCase(_ index: UInt64) throws {
        let made: SingleCase
        do {
            guard let seed = range.seed else {
                throw ValidationError("--index selects one case of a seed; give --seed as well")
            }
            if !reporting.files.reports.isEmpty {
                throw ValidationError("--index runs no campaign; leave out --report")
            }
            if kept.state != nil { throw ValidationError("--index runs no campaign; leave out --state") }
            let configuration = try configuration(seed: seed)
            if let bounds = configuration.target.patchers?.exhaustive, index >= bounds.cases.count {
                throw ValidationError(
                    "--index \(index): the last case within the bounds is \(bounds.cases.count - 1)")
            }
            if isOnlyMade {
                made = try configuration.makeCase(index, host: Executable())
            } else {
                try prepare(configuration.target)
                made = try configuration.runCase(index, host: Executable())
            }
            if reporting.json {
                try Output.json(made)
            } else {
                let command = Executable().command(running: configuration.target)
                let words = ConfigurationOptions.words(ofCase: index, configuration)
                try Output.write(made.text(command: ShellText.of(command + words)))
            }
        } catch { throw stop(error) }
        let others = made.findings.filter { $0.rule != .notUnderstood }
        if !others.isEmpty { throw ExitCode.findings }
        if !made.findings.isEmpty && !allowsUnexplained {
            complain("error: \(CampaignReport.unexplainedWords)")
            throw ExitCode.failure
        }
    }
}

/// The option that runs one case instead of a campaign.
struct SingleCaseOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Run only the case of --seed with this index, and print it as a case file with the result of each target in \
            comments. --cases, --time, --jobs, --shard and --crashes have no effect.
            """, valueName: "n"),
        transform: NumberOption.count)
    var index: UInt64?
}
