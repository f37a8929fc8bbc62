import BPF
import Foundation
import Fuzzing
import LinuxBPF
import Patching
import UserFiles

/// A campaign: worker processes over one range of indices, and the findings that come of it.
public final class Campaign {
    private let settings: CampaignSettings
    private let program: URL
    private let board: SharedBoard
    private var order = BlockOrder()
    private var cases: UInt64 = 0
    /// The index after the last case that was counted.
    private var end: UInt64 = 0
    /// What was counted beside them, by name.
    private var counts: [String: UInt64] = [:]
    private var ledger: FindingLedger
    /// Where the campaign is kept, if it is.
    private let keeper: CampaignKeeper?
    /// The plug-ins of a campaign that is not kept.
    private let watch: FileWatch
    private var lastWatched = Date()
    /// The last block, when the limit cuts it short.
    private var tail: Checkpoint.Tail?
    private let news: CampaignNews
    /// The finding that ends a campaign which runs until something is found.
    private var found: String?
    private var workers: [WorkerProcess] = []
    /// When an interrupt was first seen.
    private var interrupted: Date?
    /// How long workers have to end after an interrupt.
    ///
    /// - Units: seconds
    private static let patience = 2.0
    /// How long cases may go on to slide after a time limit.
    ///
    /// - Units: seconds
    private static let slidePatience = 1.0
    /// How often a worker was killed since anything was last heard of one.
    private var killings = 0
    /// When this process began to run cases; `nil` when there are none left.
    private var start: Date? = Date()
    /// How long it ran before this process.
    ///
    /// - Units: seconds
    private var secondsBefore = 0.0
    /// Objects and programs that could not be used, each in a line.
    public let refusals: [String]

    /// Checks everything that can be checked before the first case.
    ///
    /// - Parameters:
    ///   - program: the executable that serves as worker
    ///   - state: where the campaign is kept, if it is; settings are then those of its checkpoint, if it has one
    ///   - known: where the list of buckets that do not count is, to be kept with it
    ///   - session: how it is run this time
    /// - Throws: ``CampaignError`` when the folder of findings cannot be written, no named object can be used, or the state
    ///   is of other files
    public init(
        settings: CampaignSettings, program: URL, state: StateFolder? = nil, known: String? = nil,
        session: CampaignSession = CampaignSession()
    ) throws(CampaignError) {
        var settings = settings
        if let state { settings.crashes = state.crashes }
        self.settings = settings
        self.program = program
        if state == nil { try CrashFolder(path: settings.crashes).check() }
        let objects = ObjectCollection(paths: settings.subject.objects)
        refusals = objects.refusals.map(\.description)
        if !settings.subject.objects.isEmpty && objects.programs.isEmpty {
            throw CampaignError.noObject(refusals)
        }
        if let state {
            keeper = try CampaignKeeper(state, settings: settings, known: known, objects: objects, program: program)
        } else {
            keeper = nil
        }
        news = CampaignNews(settings: settings, session: session, state: state, status: CampaignStatus())
        watch = FileWatch(state == nil ? settings.subject.plugins : [])
        ledger = FindingLedger(
            settings: settings, bases: objects.programs.map(\.program), program: program, keepsEarlier: state == nil)
        try onFiles { () throws(FileError) in try TemporaryFolder.check() }
        let path = TemporaryFolder.path + "/bpf-patch-fuzz-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        board = try SharedBoard(path: path, jobs: settings.jobs)
        // Workers inherit it, so that nothing is left behind however this process ends.
        unsafe unlink(path)
        if let checkpoint = state?.checkpoint { try restore(checkpoint) }
        try keeper?.begin(at: progress)
    }

    /// Runs the campaign to its limit, or until it is interrupted.
    ///
    /// - Throws: ``CampaignError`` when a worker cannot be started or a finding not be written
    public func run() throws(CampaignError) -> CampaignReport {
        do throws(CampaignError) {
            return try runToEnd()
        } catch {
            let explained = keeper?.explain(error) ?? error
            news.fail(explained)
            throw explained
        }
    }

    /// The findings that are on disk, when an error has ended the campaign.
    public var reportSoFar: CampaignReport {
        var report = CampaignReport(
            seed: settings.seed, cases: cases, seconds: seconds, casesPerSecond: Double(cases) / max(seconds, 0.001),
            jobs: settings.jobs, findings: ledger.findings)
        settings.subject.describe(counts, in: &report)
        report.plugins = CampaignReport.plugins(in: settings.subject.arguments)
        return report
    }

    private func runToEnd() throws(CampaignError) -> CampaignReport {
        try news.begin(settings.arguments, cases: cases, seconds: secondsBefore, ledger)
        if !isFinished && !isTimeOver { for number in 0..<settings.jobs { try startWorker(number, first: nil) } }
        while !workers.isEmpty {
            if Interrupt.isRequested || isTimeOver || found != nil { board.stop() }
            try listen()
            killLateWorkers()
            try news.look(at: ledger, cases: cases)
            if !board.isStopping, found == nil, let bucket = ledger.unstored {
                news.minimizing(bucket)
                try ledger.store(bucket)
                news.minimizing(nil)
            } else if !board.isStopping, found == nil {
                _ = try ledger.slideNext()
            }
            try news.lookAtStored(ledger)
            try keeper?.record(progress)
            try checkPlugins()
        }
        // What is behind a gap is run again when the campaign goes on; without a state it never does.
        if keeper == nil && found == nil { for report in order.takeRest() { count(report) } }
        let total = seconds
        let isEnded = isFinished
        // What has not slid by then is grouped by its rule; with --resume it slides.
        if settings.time != nil { ledger.lastSlide = Date() + Campaign.slidePatience }
        // With a state, whoever asks for an end does not wait for what can be done later.
        try news.look(at: ledger, cases: cases)
        // Of a campaign that runs until something is found, only what was found is minimized.
        while try ledger.finishNext(asSeen: found != nil || (keeper != nil && Interrupt.isRequested)) {
            news.minimizing("\(CountText.of(ledger.unfinished, "more finding"))")
            try news.look(at: ledger, cases: cases)
            try news.lookAtStored(ledger, isLast: found == nil)
            try keeper?.record(progress(after: total))
        }
        if let found {
            news.minimizing(found)
            try ledger.store(found)
        }
        news.minimizing(nil)
        try news.look(at: ledger, cases: cases)
        try news.lookAtStored(ledger, isLast: true)
        var report = CampaignReport(
            seed: settings.seed, cases: cases, seconds: total, casesPerSecond: Double(cases) / max(total, 0.001),
            jobs: settings.jobs, findings: ledger.findings)
        settings.subject.describe(counts, in: &report)
        report.state = keeper?.path
        if cases > 0 { report.arguments = settings.argumentsOfRepeat(end: end) }
        report.plugins = CampaignReport.plugins(in: settings.subject.arguments)
        report.isFinished = isEnded && ledger.isSettled
        try keeper?.record(progress(after: total), isLast: true)
        try news.end(report, why: endReason(isEnded))
        // What the command was run for is known only now.
        try keeper?.record(progress(after: total), isLast: true)
        return report
    }

    /// Why no more cases are run.
    private func endReason(_ isEnded: Bool) -> String {
        found != nil ? "found" : Interrupt.isRequested ? "interrupted" : isEnded ? "finished" : "time is up"
    }

    /// Checks once a second that nobody has put another plug-in in the place of one: workers have some of one, and new
    /// workers would have the other.
    private func checkPlugins() throws(CampaignError) {
        if Date().timeIntervalSince(lastWatched) < 1 { return }
        lastWatched = Date()
        try watch.check()
    }

    /// Goes on where a checkpoint stands.
    private func restore(_ checkpoint: Checkpoint) throws(CampaignError) {
        guard let part = checkpoint.parts.first else { return }
        secondsBefore = part.seconds
        cases = part.cases
        counts = part.counts ?? [:]
        order = BlockOrder(next: checkpoint.next)
        tail = checkpoint.tail
        try ledger.restore(checkpoint)
        // A block that an earlier limit cut short is run again, whole.
        if let cut = tail, UInt64(indices(ofBlock: cut.block).count) > cut.cases {
            ledger.remove(cut.sightings)
            cases -= cut.cases
            for (name, count) in cut.counts ?? [:] { counts[name, default: 0] -= count }
            order = BlockOrder(next: cut.block)
            tail = nil
        }
        end = order.next == 0 ? 0 : indices(ofBlock: order.next - 1).upperBound
        board.start(at: order.next)
        if isFinished { start = nil }
    }

    /// Where the campaign stands.
    private var progress: CampaignKeeper.Progress { progress(after: seconds) }

    private func progress(after seconds: Double) -> CampaignKeeper.Progress {
        CampaignKeeper.Progress(
            next: order.next, cases: cases, seconds: seconds, isFinished: isFinished, tail: tail, counts: counts,
            ledger: ledger, reported: news.reported)
    }

    /// How long the campaign has run, in all processes.
    ///
    /// - Units: seconds
    private var seconds: Double { secondsBefore + (start.map { Date().timeIntervalSince($0) } ?? 0) }

    private var isFinished: Bool {
        (isTimeOver && !settings.isTimeOfSession) || indices(ofBlock: order.next).isEmpty
    }

    private func indices(ofBlock block: UInt64) -> Range<UInt64> {
        settings.shard.indices(ofBlock: block, limit: settings.cases ?? UInt64.max)
    }

    private var isTimeOver: Bool { settings.time.map { seconds >= $0 } ?? false }

    private func startWorker(_ number: Int, first: UInt64?) throws(CampaignError) {
        var words = settings.subject.workerCommand + ["--board", WorkerProcess.boardPath, "--number", String(number)]
        if let first { words += ["--first", String(first)] }
        workers.append(
            try WorkerProcess(
                program: program, words + settings.arguments, plugins: settings.subject.plugins,
                board: board, number: number))
    }

    /// Waits a moment for what workers say, and takes it in.
    private func listen() throws(CampaignError) {
        var descriptors = workers.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        // Whoever has a finding to minimise does not wait.
        let timeout = ledger.unstored == nil ? min(settings.time.map { $0 - seconds } ?? 1, 0.1) : 0
        let ready = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32(max(timeout, 0.005) * 1000))
        if ready <= 0 { return }
        for (worker, descriptor) in zip(workers, descriptors) where descriptor.revents != 0 {
            if let reports = worker.read() {
                if !reports.isEmpty { killings = 0 }
                // Blocks after the one that ends the campaign are run again when it goes on.
                for report in reports where found == nil { for ready in order.add(report) { count(ready) } }
            } else {
                workers.removeAll { $0 === worker }
                try conclude(worker)
            }
        }
    }

    /// Kills workers that are in the middle of a case when whoever has asked for an end has waited long enough.
    private func killLateWorkers() {
        if !Interrupt.isRequested { return }
        let asked = interrupted ?? Date()
        interrupted = asked
        if Date().timeIntervalSince(asked) > Campaign.patience { for worker in workers { worker.kill() } }
    }

    /// Takes in what came of a block.
    private func count(_ report: BlockReport) {
        // Blocks that came with the one that ends the campaign are not counted.
        if found != nil { return }
        found = news.end(by: report.sightings, in: ledger)
        if found != nil { order = BlockOrder(next: report.block + 1) }
        let range = indices(ofBlock: report.block)
        cases += UInt64(range.count)
        end = max(end, range.upperBound)
        ledger.add(report.sightings)
        counts.merge(report.counts, uniquingKeysWith: +)
        if range.count < Int(Shard.blockSize) {
            tail = Checkpoint.Tail(
                block: report.block, cases: UInt64(range.count), sightings: report.sightings,
                counts: report.counts)
        }
    }

    /// Starts another worker in the place of one that was killed; what it left undone is done by that one.
    ///
    /// What a patcher does to a worker is that worker's own business, so only somebody else can have killed it.
    private func conclude(_ worker: WorkerProcess) throws(CampaignError) {
        switch worker.waitUntilExit() {
        case .done: return
        case .failed(let status):
            throw CampaignError("a worker ended with status \(status); what it wrote above says why")
        case .killed(let signal):
            let (block, index) = board.position(ofWorker: worker.number)
            if Interrupt.isRequested {
                try news.note("the worker at case \(index) did not end and was stopped; its block is not counted")
                return
            }
            killings += 1
            if killings == 10 {
                throw CampaignError("workers are killed by signal \(signal) as soon as they are started")
            }
            let what = block.map { _ in "at case \(index); its block is run again" } ?? "between two blocks"
            try news.note("a worker was killed by signal \(signal) \(what)")
            try startWorker(worker.number, first: block)
        }
    }
}
