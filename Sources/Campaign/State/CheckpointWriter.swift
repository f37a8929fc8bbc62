import Foundation
import LinuxBPF

/// Writes the checkpoints and the AFL++ statistics of a running campaign to its state folder.
final class CheckpointWriter {
    /// The progress of a campaign.
    struct Progress {
        var next: UInt64
        var epoch = Epoch()
        var cases: UInt64
        /// - Units: seconds
        var seconds: Double
        var isFinished: Bool
        var tail: Checkpoint.Tail?
        var counts: CampaignCounts
        var store: BucketStore
        /// See ``CampaignNews/reported``.
        var reported: Set<String> = []
    }

    private let folder: StateFolder
    private var checkpoint: Checkpoint
    private let configuration: CampaignConfiguration
    private let host: any HostProgram
    private let programs: Int
    /// The clock; tests replace it.
    private let now: () -> Date
    private let start: Date
    private var lastCheckpoint = Date.distantPast
    /// The run time in the last row of `plot_data`, or `nil`.
    ///
    /// - Units: seconds
    private var lastPlot: Int?
    private var lastCount = (all: 0, hangs: 0)
    private let watch: FileWatch

    /// The state folder.
    var path: String { folder.path }

    /// Prepares checkpoints. A resumed campaign must have the files, kernel and options that it began with.
    ///
    /// - Throws: ``CampaignError`` that names the difference
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
                    "the campaign in \(folder.path) has other patchers or options; start a new one with \(host.restartOption)"
                )
            }
            if before.program != stamp {
                Output.note(
                    "\(folder.path) was written by another build of bpf-patch-fuzz"
                        + (before.version.map { ", \($0)" } ?? "") + "; this is \(Version.text). If they generate or "
                        + "judge cases differently, the findings come from both\n")
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

    /// Prepares the folder and writes the first checkpoint; from then on the campaign can be resumed.
    ///
    /// - Throws: ``CampaignError`` if it cannot be written
    func begin(at progress: Progress) throws(CampaignError) {
        // Buckets of earlier sessions are not new.
        lastCount = (progress.store.count, progress.store.hangCount)
        try folder.prepare()
        do { try save(progress) } catch { throw folder.checkpoint == nil ? error : explain(error) }
        let plot = path + "/plot_data"
        let rows = FileManager.default.contents(atPath: plot).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let old = CampaignStatistics.plot(rows, until: progress.seconds)
        try WholeFile.write(old, to: plot)
        lastPlot = CampaignStatistics.lastTime(ofPlot: old)
        let words = host.commandLine.joined(separator: "\n") + "\n"
        try WholeFile.write(words, to: path + "/cmdline")
    }

    /// Writes a checkpoint and statistics if the interval has passed.
    ///
    /// The interval is a second, or a tenth of a second after a new bucket: a power failure loses that much work. It is
    /// shorter at first, so that a campaign that is killed repeatedly makes progress.
    ///
    /// - Parameters:
    ///   - isUrgent: true to write at once
    ///   - isLast: true to write at once, with the last row of `plot_data`
    /// - Throws: ``CampaignError`` if the files cannot be written, or a file that the campaign uses was replaced
    func record(_ progress: Progress, isUrgent: Bool = false, isLast: Bool = false) throws(CampaignError) {
        let now = now()
        let longest = progress.store.count == lastCount.all ? 1 : 0.1
        let interval = min(max(now.timeIntervalSince(start) / 4, 0.05), longest)
        if !isLast && !isUrgent && now.timeIntervalSince(lastCheckpoint) < interval { return }
        // Cases since the last checkpoint may have used the replaced file, so they are not saved.
        try watch.check()
        try save(progress)
        if CampaignStatistics.isPlotDue(at: progress.seconds, after: lastPlot, isLast: isLast) {
            lastPlot = Int(progress.seconds)
            try addPlotRow(statistics(progress))
        }
    }

    /// Adds to an error the progress that is saved, and the command that resumes the campaign.
    func explain(_ error: CampaignError) -> CampaignError {
        let cases = checkpoint.cases
        let command = ShellText.of(host.command(resuming: path, of: configuration.target))
        return CampaignError(
            "\(error)\nthe campaign has ended; \(CountText.of(cases, "case")) and their findings are saved in \(path); "
                + "'\(command)' resumes it")
    }

    private func save(_ progress: Progress) throws(CampaignError) {
        lastCheckpoint = now()
        updateTimes(progress.store)
        var next = checkpoint
        next.next = progress.next
        next.epoch = progress.epoch
        next.tail = progress.tail
        next.parts[0].cases = progress.cases
        next.parts[0].counts = progress.counts
        next.parts[0].seconds = progress.seconds
        next.parts[0].isFinished = progress.isFinished
        next.reported = progress.reported.isEmpty ? nil : progress.reported.sorted()
        (next.entries, next.collateral) = progress.store.records(seed: configuration.cases.seed)
        next.early = progress.store.earlyHits
        if next != folder.saved {
            try progress.store.fresh.synchronize(folder: folder.crashes)
            try folder.save(next)
        }
        checkpoint = next
        // Tools divide by the number of cases, so there are no statistics before the first case.
        if progress.cases > 0 {
            let text = statistics(progress).text(now: Int(now().timeIntervalSince1970))
            try WholeFile.write(text, to: path + "/fuzzer_stats")
        }
    }

    /// Updates the times of the last new buckets.
    private func updateTimes(_ store: BucketStore) {
        let count = (all: store.count, hangs: store.hangCount)
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

    /// Appends a row to `plot_data`.
    private func addPlotRow(_ statistics: CampaignStatistics) throws(CampaignError) {
        try WholeFile.append(Data(statistics.plotRow.utf8), to: path + "/plot_data")
    }
}
