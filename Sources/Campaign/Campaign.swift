import BPF
import Foundation
import Fuzzing
import LinuxBPF
import Patching
import UserFiles

/// A campaign: worker processes over one range of indices, and the findings.
package final class Campaign {
    private let configuration: CampaignConfiguration
    private let fuzzTarget: any FuzzTarget
    private let host: any HostProgram
    /// True if the time limit applies to this session only.
    private let isTimeOfSession: Bool
    private let shared: SharedProgress
    private let crew: WorkerCrew
    private let costs: CostSampler
    private var order = BlockOrder()
    private var cases: UInt64 = 0
    /// The index after the last case that was counted.
    private var end: UInt64 = 0
    /// The number of cases up to the end of the last counted block, run or not.
    private var casesBeforeEnd: UInt64 = 0
    private var counts = CampaignCounts()
    private let store: BucketStore
    /// The targets of cases that timed out once and were not run again, by index.
    private var doubts: [UInt64: String] = [:]
    /// `nil` without a state folder.
    private let writer: CheckpointWriter?
    /// The plug-ins of a campaign without a state folder; else the writer watches them.
    private var watch: FileWatch
    /// The content hash of each plug-in of an exhaustive campaign, by path.
    private let contents: [String: String]
    /// The blocks that workers may run now.
    private var epoch = Epoch()
    /// The last block if the limit cuts it short.
    private var tail: Checkpoint.Tail?
    private let news: CampaignNews
    /// The bucket that ended a campaign with ``isUntilFound``.
    private var found: String?
    /// True if the first new finding ends the campaign.
    private let isUntilFound: Bool
    /// False to leave the finding that ends the campaign as it was seen.
    private let isMinimizing: Bool
    /// True if an incomplete block was counted.
    private var isCutShort = false
    /// True if workers were stopped before the time limit, to have time to minimize findings.
    private var isStoppedToMinimize = false
    private var clock: CampaignClock
    /// The run time after the last case, or `nil`.
    ///
    /// - Units: seconds
    private var total: Double?
    /// The last time that ``serveWorkers()`` did work.
    private var lastServed = Date.distantPast
    /// True if workers exited while there were cases left.
    private var hasLostWorkers = false
    /// The error that occurred while a finding was minimized.
    private var failure: CampaignError?
    /// A line for each object or program that could not be used.
    package let refusals: [String]

    /// Prepares a campaign and checks everything that can be checked before the first case.
    ///
    /// - Parameters:
    ///   - host: the program of the worker processes
    ///   - state: the state folder, or `nil`; a checkpoint in it is restored
    ///   - known: the path of the list of known buckets, which is stored in the checkpoint
    ///   - session: the settings of this session
    /// - Throws: ``CampaignError`` if the folder for findings is not writable, no named object is usable, or the state
    ///   depends on other files
    package init(
        configuration: CampaignConfiguration, host: any HostProgram, state: StateFolder? = nil, known: String? = nil,
        session: CampaignSession = CampaignSession()
    ) throws(CampaignError) {
        var configuration = configuration
        if let state { configuration.output = state.crashes }
        self.configuration = configuration
        self.host = host
        fuzzTarget = configuration.target.fuzzTarget
        isTimeOfSession = session.time != nil
        clock = CampaignClock(limit: session.time ?? configuration.budget.time)
        if state == nil { try CrashFolder(path: configuration.output).check() }
        let objects = ObjectCollection(paths: fuzzTarget.objects)
        refusals = objects.refusals.map(\.description)
        if !fuzzTarget.objects.isEmpty && objects.programs.isEmpty {
            throw CampaignError.noObject(refusals)
        }
        if let state {
            writer = try CheckpointWriter(
                state, configuration: configuration, known: known, objects: objects, host: host)
        } else {
            writer = nil
        }
        isUntilFound = session.isUntilFound
        isMinimizing = session.isMinimizing
        news = CampaignNews(
            configuration: configuration, session: session, state: state,
            status: CampaignStatus(session.isSilent ? .none : session.isQuiet ? .quiet : .standardError))
        let isExhaustive = configuration.target.patchers?.exhaustive != nil
        contents = Dictionary(
            uniqueKeysWithValues: try UsedFile.all(isExhaustive ? fuzzTarget.plugins : []).map { ($0.path, $0.content) }
        )
        watch = FileWatch(state == nil ? fuzzTarget.plugins : [])
        store = BucketStore(
            configuration: configuration, bases: objects.programs.map(\.program), host: host, keepsEarlier: state == nil
        )
        try onFiles { () throws(FileError) in try TemporaryFolder.check() }
        let path = TemporaryFolder.path + "/bpf-patch-fuzz-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        shared = try SharedProgress(path: path, jobs: configuration.budget.jobs)
        // Workers inherit the descriptor, so the name can be removed now: no file is left if this process is killed.
        try? SystemCall.unlink(path)
        crew = WorkerCrew(configuration: configuration, host: host, shared: shared)
        costs = CostSampler(shared, jobs: configuration.budget.jobs, targets: fuzzTarget.targets.count)
        crew.note = { [news] (text: String) throws(CampaignError) in try news.note(text) }
        crew.isKept = state != nil
        crew.isCounted = { [unowned self] in order.has($0) }
        store.triage.isLate = { [unowned self] in serveWorkers() }
        if let checkpoint = state?.checkpoint { try restore(checkpoint) }
        clock.countPreparation(since: session.began)
        shared.publish(epoch)
        advance()
        try writer?.begin(at: progress)
    }

    /// Runs the campaign to its limit, or until it is interrupted.
    ///
    /// - Throws: ``CampaignError`` if a worker cannot be started or a finding cannot be written
    package func run() throws(CampaignError) -> CampaignReport {
        do throws(CampaignError) {
            return try runToEnd()
        } catch {
            let explained = writer?.explain(error) ?? error
            news.fail(explained)
            throw explained
        }
    }

    /// The report after an error, with all buckets.
    package var reportSoFar: CampaignReport {
        var report = bareReport
        report.findings = store.findingsSoFar
        return report
    }

    /// The report without the parts that are only known after the end of the campaign.
    private var bareReport: CampaignReport {
        let seconds = total ?? clock.seconds
        var report = CampaignReport(
            seed: configuration.cases.seed, cases: cases, seconds: seconds,
            casesPerSecond: Double(cases) / max(seconds, 0.001),
            jobs: configuration.budget.jobs, findings: store.findings)
        let results = fuzzTarget.report(counts, cases: cases, seconds: seconds)
        report.add(results, counts, targets: fuzzTarget.targets)
        report.target = configuration.target
        report.plugins = configuration.target.pluginFiles
        report.addExhaustive(counts, isWhole: configuration.cases.shard == .whole, contents: contents)
        return report
    }

    private func runToEnd() throws(CampaignError) -> CampaignReport {
        // Without a screen, the costs are not shown.
        let sampler = news.status.hasScreen ? costs : nil
        try news.begin(host.options(of: configuration), cases: cases, seconds: clock.before, store) { [sampler] in
            sampler?.sample()
        }
        news.show(store, cases: cases) { snapshot }
        let leftovers = RunningProgramFile.leftovers(in: configuration.output)
        for line in leftovers { Output.note("note: \(line)\n") }
        defer { _ = RunningProgramFile.leftovers(in: configuration.output) }
        let isStarted = !isFinished && !clock.isOver
        if isStarted { try crew.start() }
        while !crew.isEmpty {
            let hasWork =
                (store.unstored != nil || store.hasToSlide) && !isUntilFound && !isTooLateToMinimize
            // A campaign with a finding to minimize does not wait.
            try step(wait: hasWork ? 0 : min(clock.rest ?? 1, 0.1))
            // Each case slides directly after it is minimized, so that groups are known early.
            if hasWork {
                if store.hasToSlide { try slide() } else if let bucket = store.unstored { try minimize(bucket) }
            }
        }
        hasLostWorkers = isStarted && found == nil && !crew.isStopping && !indices(ofBlock: order.next).isEmpty
        // A resumed campaign runs the blocks after a gap again. Without a state, they are counted now.
        if writer == nil && found == nil { for report in order.takeRest() { count(report) } }
        for doubt in crew.unanswered { doubts[doubt.index] = doubt.target }
        // Time reserved for minimizing counts as used.
        total = max(clock.seconds, isStoppedToMinimize ? clock.limit ?? 0 : 0)
        try finishFindings()
        return try report()
    }

    /// Minimizes the remaining findings after the last case.
    private func finishFindings() throws(CampaignError) {
        // The number of blocks begun after the last one depends on timing, so their hits are not reported.
        if found != nil { store.early = [:] }
        try store.settleEarly()
        try news.announce(store, cases: cases)
        // With ``isUntilFound``, only the finding that ended the campaign is minimized and reported.
        while found == nil, try store.finishNext() {
            if let failure { throw failure }
            news.minimizing(left: store.unfinished)
            news.show(store, cases: cases) { snapshot }
            try news.announce(store, cases: cases)
            try news.logStored(store, .now)
            try writer?.record(progress)
        }
        if let found, isMinimizing {
            news.minimizing(found)
            try store.minimize(found)
            if let failure { throw failure }
        }
        news.minimizing(left: nil)
        try news.announce(store, cases: cases)
        try news.logStored(store, .last)
    }

    private func report() throws(CampaignError) -> CampaignReport {
        let isEnded = isFinished
        var report = bareReport
        report.neverRun = report.results.flatMap { $0.neverRun.isEmpty ? nil : $0.neverRun }
        report.doubts = doubts.isEmpty ? nil : doubts.sorted { $0.key < $1.key }.map { Doubt(target: $1, index: $0) }
        report.state = writer?.path
        if cases > 0 && isWithoutGap { report.arguments = host.options(of: configuration.repeating(end: end)) }
        report.isFinished = isEnded && store.isSettled
        report.ended = endReason(isEnded)
        report.hasLostWorkers = hasLostWorkers ? true : nil
        try writer?.record(progress, isLast: true)
        try news.end(
            report, why: endReason(isEnded).rawValue, patience: clock.patience(isInterrupted: Interrupt.isRequested))
        // Only now are the groups known that the command was run for.
        try writer?.record(progress, isLast: true)
        return report
    }

    /// The reason for the end of the campaign.
    private func endReason(_ isEnded: Bool) -> CampaignReport.End {
        found != nil ? .found : Interrupt.isRequested ? .interrupted : isEnded ? .finished : .timeIsUp
    }

    /// Handles worker messages, limits, output and checkpoints; also called while a finding is minimized.
    ///
    /// - Parameter seconds: the longest wait for workers
    private func step(wait seconds: Double) throws(CampaignError) {
        isStoppedToMinimize = isStoppedToMinimize || clock.isNeededForMinimizing(store.backlog)
        if crew.isStopping || Interrupt.isRequested || clock.isOver || isStoppedToMinimize || found != nil {
            crew.end()
        }
        var hasNews = false
        for message in try crew.listen(within: seconds) {
            switch message {
            case .hit(let hit): hasNews = try store.addEarly(hit, isWritten: !isUntilFound) || hasNews
            case .doubt(let doubt): doubts[doubt.index] = doubt.target
            case .block(let report): add(report)
            }
        }
        // With ``isUntilFound``, hits may belong to blocks after the last one.
        try news.announce(store, cases: cases, isQuiet: isUntilFound)
        news.show(store, cases: cases) { snapshot }
        try news.logStored(store)
        try writer?.record(progress, isUrgent: hasNews)
        try watch.checkEverySecond()
    }

    /// The numbers of the screen without the buckets.
    private var snapshot: CampaignSnapshot {
        var snapshot = CampaignSnapshot()
        (snapshot.command, snapshot.seed) = (command, configuration.cases.seed)
        (snapshot.running, snapshot.jobs) = (crew.count, configuration.budget.jobs)
        snapshot.restarts = crew.restarts
        snapshot.memory = CampaignMemory.used
        snapshot.costs = costs.costs
        snapshot.read(
            counts, cases: cases, targets: fuzzTarget.targets, isKernel: configuration.target.kernel != nil)
        return snapshot
    }

    /// The command without its options, for people.
    private var command: String {
        configuration.target.kernel != nil
            ? "kernel run" : configuration.target.patchers?.exhaustive != nil ? "exhaust" : "run"
    }

    /// Keeps the campaign running while a finding is minimized; returns true if the minimizing must stop.
    private func serveWorkers() -> Bool {
        if failure != nil { return true }
        let now = Date()
        if now.timeIntervalSince(lastServed) > 0.005 && !crew.isEmpty {
            do throws(CampaignError) { try step(wait: 0) } catch { failure = error }
            lastServed = now
        }
        return failure != nil || isTooLateToMinimize
    }

    private var isTooLateToMinimize: Bool { clock.isTooLateToMinimize(isKept: writer != nil) }

    private func minimize(_ bucket: String) throws(CampaignError) {
        let start = Date()
        news.minimizing(bucket)
        try store.minimize(bucket)
        news.minimizing(left: nil)
        clock.addMinimizing(since: start)
        if let failure { throw failure }
    }

    /// Slides the next minimized case across buckets, to group findings by cause.
    private func slide() throws(CampaignError) {
        let start = Date()
        _ = try store.slideNext()
        clock.addSliding(since: start)
        if let failure { throw failure }
    }

    /// Restores the campaign of a checkpoint.
    private func restore(_ checkpoint: Checkpoint) throws(CampaignError) {
        guard let part = checkpoint.parts.first else { return }
        clock.before = part.seconds
        cases = part.cases
        counts = part.counts
        order = BlockOrder(next: checkpoint.next)
        epoch = checkpoint.epoch
        tail = checkpoint.tail
        try store.restore(checkpoint)
        // A block that an earlier limit cut short is run again as a whole.
        if let cut = tail, UInt64(indices(ofBlock: cut.block).count) > cut.cases {
            store.remove(cut.hits)
            cases -= cut.cases
            counts = cut.countsBefore
            order = BlockOrder(next: cut.block)
            tail = nil
        }
        end = order.next == 0 ? 0 : indices(ofBlock: order.next - 1).upperBound
        casesBeforeEnd = cases
        shared.start(at: order.next)
        // A campaign whose last moments pass meanwhile is not finished yet, and its clock goes on.
        let start = clock.start
        clock.start = nil
        if !isFinished { clock.start = start }
    }

    /// The progress for a checkpoint.
    private var progress: CheckpointWriter.Progress {
        CheckpointWriter.Progress(
            next: order.next, epoch: epoch, cases: cases, seconds: total ?? clock.seconds, isFinished: isFinished,
            tail: tail, counts: counts, store: store, reported: news.reported)
    }

    private var isFinished: Bool {
        let isOver = clock.limit.map { (total ?? clock.seconds) >= $0 } ?? false
        return (isOver && !isTimeOfSession) || (indices(ofBlock: order.next).isEmpty && !isCutShort)
    }

    private func indices(ofBlock block: UInt64) -> Range<UInt64> {
        configuration.cases.shard.indices(ofBlock: block, limit: configuration.cases.limit ?? UInt64.max)
    }

    /// Adds a report. An incomplete block is counted only if it will not be run again.
    private func add(_ report: BlockReport) {
        // A resumed campaign runs the blocks after the last one again.
        if found != nil { return }
        let range = indices(ofBlock: report.block)
        for index in doubts.keys where range.prefix(Int(report.done)).contains(index) { doubts[index] = nil }
        if report.done < UInt64(range.count) {
            if writer != nil { return }
            isCutShort = true
        }
        for ready in order.add(report) { count(ready) }
        advance()
    }

    /// Publishes the next epoch after all blocks of the current one are counted.
    private func advance() {
        if order.next < epoch.end || indices(ofBlock: order.next).isEmpty { return }
        epoch = fuzzTarget.deathBudget.epoch(
            after: epoch, counts: counts, cases: cases, targets: fuzzTarget.targets.count,
            running: fuzzTarget.running)
        shared.publish(epoch)
    }

    /// True if all cases up to the last one were counted, so that one range repeats them.
    private var isWithoutGap: Bool { cases == casesBeforeEnd }

    /// Counts a block; blocks come in order.
    private func count(_ report: BlockReport) {
        // Blocks after the last one are not counted.
        if found != nil { return }
        found = news.end(by: report.hits, in: store)
        if found != nil { order = BlockOrder(next: report.block + 1) }
        cases += report.done
        casesBeforeEnd = max(casesBeforeEnd, report.block * Shard.blockSize + report.done)
        end = max(end, indices(ofBlock: report.block).lowerBound + report.done)
        // A resumed campaign does not run this block again, so a kept one needs all of its hits.
        let isOnly = found != nil && writer == nil
        store.add(
            report.hits.filter { !isOnly || $0.bucket == found || store.entries[$0.bucket] != nil })
        if report.done < Shard.blockSize {
            tail = Checkpoint.Tail(
                block: report.block, cases: report.done, hits: report.hits, countsBefore: counts)
        }
        counts += report.counts
    }
}
