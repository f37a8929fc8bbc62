import Foundation
import LinuxBPF

/// What keeps a campaign in its folder while it runs: checkpoints, and statistics for others' tools.
final class CheckpointWriter {
    /// Where a campaign stands.
    struct Progress {
        var next: UInt64
        var epoch = Epoch()
        var cases: UInt64
        /// - Units: seconds
        var seconds: Double
        var isFinished: Bool
        var tail: Checkpoint.Tail?
        var counts: CampaignCounts
        var ledger: BucketStore
        /// See ``CampaignNews/reported``.
        var reported: Set<String> = []
    }

    private let folder: StateFolder
    private var checkpoint: Checkpoint
    private let configuration: CampaignConfiguration
    private let host: any HostProgram
    private let programs: Int
    /// The clock, which tests move by hand.
    private let now: () -> Date
    private let start: Date
    private var lastCheckpoint = Date.distantPast
    /// The time of the last row of `plot_data`, if there is one.
    ///
    /// - Units: seconds that the campaign had run
    private var lastPlot: Int?
    private var lastCount = (all: 0, hangs: 0)
    private let watch: FileWatch

    /// Where the campaign is kept.
    var path: String { folder.path }

    /// Checks that a campaign goes on with what it began with.
    ///
    /// - Throws: ``CampaignError`` that names a file that is another
    init(
        _ folder: StateFolder, configuration: CampaignConfiguration, known: String?, objects: ObjectCollection,
        host: any HostProgram,
        now clock: @escaping () -> Date = { Date() }
    ) throws(CampaignError) {
        self.folder = folder
        now = clock
        start = clock()
        self.configuration = configuration
        self.host = host
        programs = max(objects.programs.count, 1)
        let files = try UsedFile.all(configuration.target.properties.plugins + objects.files.map(\.path))
        watch = FileWatch(files.map(\.path))
        let stamp = UsedFile.Stamp(path: host.url.path).description
        let part = Checkpoint.Part(
            configuration: configuration.inState, cases: 0, seconds: 0, isFinished: false, files: files)
        if var before = folder.checkpoint {
            try UsedFile.check(
                files, against: before.parts[0].files, state: folder.path, restart: host.restartOption)
            try before.parts[0].checkKernel(
                configuration.target.properties.kernel, state: folder.path, restart: host.restartOption)
            guard configuration.continues(before.parts[0].configuration) else {
                throw CampaignError(
                    "the campaign in \(folder.path) is of other patchers or options; begin anew with \(host.restartOption)"
                )
            }
            if before.program != stamp {
                Output.note(
                    "this bpf-patch-fuzz, \(Version.text), is another than the one that \(folder.path) is of"
                        + (before.version.map { ", \($0)" } ?? "") + "; if it makes or judges cases in "
                        + "another way, the findings are those of both\n")
            }
            before.parts = [part]
            checkpoint = before
        } else {
            checkpoint = Checkpoint(
                parts: [part], times: Checkpoint.Times(start: Int(clock().timeIntervalSince1970)))
        }
        checkpoint.known = known
        checkpoint.program = stamp
        checkpoint.version = Version.text
    }

    /// Makes the folder ready and writes the first checkpoint, so that from here on the campaign can be gone on with.
    ///
    /// - Throws: ``CampaignError`` when it cannot be written
    func begin(at progress: Progress) throws(CampaignError) {
        // What an earlier session has found is not new.
        lastCount = (progress.ledger.count, progress.ledger.hangCount)
        try folder.prepare()
        do { try save(progress) } catch { throw folder.checkpoint == nil ? error : explain(error) }
        let plot = path + "/plot_data"
        let rows = FileManager.default.contents(atPath: plot).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let old = CampaignStatistics.plot(rows, until: progress.seconds)
        try CrashFolder.write(old, to: plot)
        lastPlot = CampaignStatistics.lastTime(ofPlot: old)
        let words = host.commandLine.joined(separator: "\n") + "\n"
        try CrashFolder.write(words, to: path + "/cmdline")
    }

    /// Writes a checkpoint and statistics, when it is time to or something is not to be lost.
    ///
    /// A second of work is what a loss of power costs, or a tenth when there is a new bucket. At first it is less, so that a
    /// campaign gets on that is killed again and again.
    ///
    /// - Throws: ``CampaignError`` when they cannot be written, or a file that the campaign uses is being replaced
    func record(_ progress: Progress, isUrgent: Bool = false, isLast: Bool = false) throws(CampaignError) {
        let now = now()
        let longest = progress.ledger.count == lastCount.all ? 1 : 0.1
        let interval = min(max(now.timeIntervalSince(start) / 4, 0.05), longest)
        if !isLast && !isUrgent && now.timeIntervalSince(lastCheckpoint) < interval { return }
        // What was run since the last checkpoint is then left out of the next.
        try watch.check()
        try save(progress)
        if CampaignStatistics.isPlotDue(at: progress.seconds, after: lastPlot, isLast: isLast) {
            lastPlot = Int(progress.seconds)
            try addPlotRow(statistics(progress))
        }
    }

    /// Adds to an error what is safe, and how to go on.
    func explain(_ error: CampaignError) -> CampaignError {
        let cases = checkpoint.cases
        let command = ShellText.of(host.command(resuming: path, of: configuration.target))
        return CampaignError(
            "\(error)\nthe campaign has ended; \(CountText.of(cases, "case")) and what they gave are safe in \(path), and "
                + "'\(command)' goes on from there")
    }

    private func save(_ progress: Progress) throws(CampaignError) {
        lastCheckpoint = now()
        note(progress.ledger)
        var next = checkpoint
        next.next = progress.next
        next.epoch = progress.epoch
        next.tail = progress.tail
        next.parts[0].cases = progress.cases
        next.parts[0].counts = progress.counts
        next.parts[0].seconds = progress.seconds
        next.parts[0].isFinished = progress.isFinished
        next.reported = progress.reported.isEmpty ? nil : progress.reported.sorted()
        (next.entries, next.strays) = progress.ledger.records(seed: configuration.cases.seed)
        next.early = progress.ledger.earlyHits
        if next != folder.saved {
            try progress.ledger.fresh.synchronize(folder: folder.crashes)
            try folder.save(next)
        }
        checkpoint = next
        // Tools divide by the number of cases, so there is nothing for them before the first.
        if progress.cases > 0 {
            let text = statistics(progress).text(now: Int(now().timeIntervalSince1970))
            try CrashFolder.write(text, to: path + "/fuzzer_stats")
        }
    }

    /// Notes when there was something new.
    private func note(_ ledger: BucketStore) {
        let count = (all: ledger.count, hangs: ledger.hangCount)
        let now = Int(now().timeIntervalSince1970)
        if count.all > lastCount.all { checkpoint.times.lastFind = now }
        if count.all - count.hangs > lastCount.all - lastCount.hangs { checkpoint.times.lastCrash = now }
        if count.hangs > lastCount.hangs { checkpoint.times.lastHang = now }
        lastCount = count
    }

    private func statistics(_ progress: Progress) -> CampaignStatistics {
        CampaignStatistics(
            times: checkpoint.times, seconds: progress.seconds, cases: progress.cases, programs: programs,
            crashes: lastCount.all - lastCount.hangs, hangs: lastCount.hangs,
            banner: CampaignStatistics.banner(state: path, shard: configuration.cases.shard),
            command: host.commandLine.joined(separator: " "),
            timeout: Int(configuration.target.properties.budget.timeout * 1000))
    }

    /// Adds a row to `plot_data`.
    private func addPlotRow(_ statistics: CampaignStatistics) throws(CampaignError) {
        try WholeFile.append(Data(statistics.plotRow.utf8), to: path + "/plot_data")
    }
}
