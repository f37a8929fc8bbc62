import ArgumentParser
import Campaign
import Foundation

/// A command that runs a campaign, or goes on with one that is kept.
protocol CampaignCommand: ParsableCommand {
    associatedtype Options: CampaignOptions

    var options: Options { get }
    var kept: StateOptions { get }
    var json: Bool { get }

    /// Checks what is put to the test, and says what is to be said about it before the first case.
    ///
    /// - Throws: ``CampaignError`` or `ValidationError` when it makes no sense
    func prepare(_ subject: Options.Subject) throws
}

extension CampaignCommand {
    func run() throws {
        Interrupt.watch()
        var report: CampaignReport
        do {
            // What cannot work is said before anything that looks like a start.
            let folder = try openState()
            let known = kept.known.file.map { URL(fileURLWithPath: $0).path } ?? folder?.checkpoint?.known
            let list = try known.map { path throws(CampaignError) in try KnownBuckets(path: path) }
            if let folder, let checkpoint = folder.checkpoint, checkpoint.isMerged {
                try GivenOptions.checkNone(for: folder.path)
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
        return try StateFolder.create(path, restarts: kept.restart, command: Self.words)
    }

    private func runCampaign(_ folder: StateFolder?, known: String?) throws -> CampaignReport {
        let settings: CampaignSettings
        if let folder, let part = folder.checkpoint?.parts.first {
            settings = try options.settings(resuming: part, in: folder.path)
        } else {
            let seed = options.range.seed ?? UInt64(UInt32.random(in: 0 ... .max))
            settings = try options.settings(seed: seed, isKept: folder != nil)
        }
        if let subject = settings.subject as? Options.Subject { try prepare(subject) }
        let campaign = try Campaign(settings: settings, program: Executable.url, state: folder, known: known)
        try Output.line("seed \(settings.seed)")
        try Output.line(
            "repeat with: \(Self.words) " + settings.arguments.map(\.shellQuoted).joined(separator: " "))
        if let folder {
            let cases = folder.checkpoint?.cases ?? 0
            try Output.line("kept in \(folder.path)" + (cases == 0 ? "" : "; going on after \(cases) cases"))
        }
        for refusal in campaign.refusals { complain("skipped: \(refusal)") }
        return try campaign.run()
    }

    /// The words by which this command is called.
    private static var words: String { Executable.words(Options.Subject.command) }
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
