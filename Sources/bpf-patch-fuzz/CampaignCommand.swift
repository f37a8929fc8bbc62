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

    /// Checks what is put to the test, and says what is to be said about it before the first case.
    ///
    /// - Throws: ``CampaignError`` or `ValidationError` when it makes no sense
    func prepare(_ subject: Options.Subject) throws
}

extension CampaignCommand {
    func run() throws {
        if let index = single.index { return try runCase(index) }
        Interrupt.watch()
        var report: CampaignReport
        do {
            // What cannot work is said before anything that looks like a start.
            let folder = try openState()
            let known =
                kept.known.file.map { $0.isEmpty ? $0 : URL(fileURLWithPath: $0).path } ?? folder?.checkpoint?.known
            let list = try known.map { path throws(CampaignError) in try KnownBuckets(path: path) }
            if let folder, let checkpoint = folder.checkpoint, checkpoint.isMerged {
                try GivenOptions.checkNone(for: folder.path)
                report = try CampaignReport(merged: checkpoint, in: folder)
            } else {
                report = try runCampaign(folder, known: known, list ?? KnownBuckets())
            }
            report.mark(list ?? KnownBuckets())
        } catch { throw stop(error) }
        try report.print(json: json, all: all)
    }

    /// The folder of the campaign, if it has one.
    private func openState() throws(CampaignError) -> StateFolder? {
        guard let path = kept.state else { return nil }
        if kept.resume { return try StateFolder.open(path) }
        return try StateFolder.create(path, restarts: kept.restart, command: Self.words)
    }

    private func runCampaign(
        _ folder: StateFolder?, known: String?, _ list: KnownBuckets
    ) throws -> CampaignReport {
        let settings: CampaignSettings
        if let folder, let part = folder.checkpoint?.parts.first {
            settings = try options.settings(resuming: part, in: folder.path)
        } else {
            let seed = options.range.seed ?? UInt64(UInt32.random(in: 0 ... .max))
            settings = try options.settings(seed: seed, isKept: folder != nil)
        }
        if folder == nil { try CrashFolder(path: settings.crashes).check() }
        if let subject = settings.subject as? Options.Subject { try prepare(subject) }
        let campaign = try Campaign(
            settings: settings, program: Executable.url, state: folder, known: known,
            session: session.session(known: list))
        try Output.line("seed \(settings.seed)")
        if let folder {
            let cases = folder.checkpoint?.cases ?? 0
            try Output.line(
                "kept in \(folder.path)" + (cases == 0 ? "" : "; going on after \(CountText.of(cases, "case"))"))
        }
        for refusal in campaign.refusals { complain("skipped: \(refusal)") }
        do { return try campaign.run() } catch {
            // What was found must not be missed for the error.
            var found = campaign.reportSoFar
            found.mark(list)
            if !found.findings.isEmpty { try? found.print(json: json, all: all) }
            throw error
        }
    }

    /// Makes, runs and prints one case.
    private func runCase(_ index: UInt64) throws {
        let made: SingleCase
        do {
            guard let seed = options.range.seed else {
                throw ValidationError("--index takes one case of a seed; give --seed as well")
            }
            if kept.state != nil { throw ValidationError("--index keeps nothing; leave out --state") }
            let settings = try options.settings(seed: seed, isKept: false)
            if let subject = settings.subject as? Options.Subject { try prepare(subject) }
            made = try settings.runCase(index, program: Executable.url)
            if json {
                try Output.json(made)
            } else {
                let words = settings.argumentsOfCase(index).map(\.shellQuoted).joined(separator: " ")
                try Output.write(made.text(command: "\(Self.words) \(words)"))
            }
        } catch { throw stop(error) }
        if !made.findings.isEmpty { throw ExitCode.findings }
    }

    /// The words by which this command is called.
    private static var words: String { Executable.words(Options.Subject.command) }
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

/// The inside of a worker process, started by a campaign.
protocol WorkerCommand: ParsableCommand {
    associatedtype Options: CampaignOptions

    var board: String { get }
    var number: Int { get }
    var first: UInt64? { get }
    var options: Options { get }
}

extension WorkerCommand {
    func run() throws {
        do {
            let settings = try options.settings(seed: options.range.seed ?? 0)
            try Worker(settings: settings, board: board, number: number, first: first).run()
        } catch { throw stop(error) }
    }
}
