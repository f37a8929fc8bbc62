import BPF
import Foundation
import Fuzzing
import LinuxBPF
import Patching
import UserFiles

/// A campaign: worker processes over one range of indices, and the findings that come of it.
package final class Campaign {
    private let configuration: CampaignConfiguration
    private let fuzzTarget: any FuzzTarget
    private let host: any HostProgram
    /// True if the time limit is only that of this session.
    private let isTimeOfSession: Bool
    private let board: SharedProgress
    private let crew: WorkerCrew
    private var order = BlockOrder()
    private var cases: UInt64 = 0
    /// The index after the last case that was counted.
    private var end: UInt64 = 0
    /// How many there are before the end of the last block that was counted.
    private var casesBeforeEnd: UInt64 = 0
    private var counts = CampaignCounts()
    private let ledger: BucketStore
    /// Cases that were not answered in time once, and have not been tried again.
    private var doubts: [UInt64: String] = [:]
    /// Where the campaign is kept, if it is.
    private let keeper: CheckpointWriter?
    /// The plug-ins of a campaign that is not kept.
    private let watch: FileWatch
    private var lastWatched = Date()
    /// The blocks that workers may run now.
    private var epoch = Epoch()
    /// The last block, when the limit cuts it short.
    private var tail: Checkpoint.Tail?
    private let news: CampaignNews
    /// The finding that ends a campaign which runs until something is found.
    private var found: String?
    /// Whether it ends a campaign with the first finding that counts.
    private let isUntilFound: Bool
    /// Whether a block was counted of which only the first cases were done.
    private var isCutShort = false
    /// Whether workers have ended before the time was up, so that findings can be minimized.
    private var isWoundUp = false
    private var clock: CampaignClock
    /// How long it took, once no more cases are run.
    ///
    /// - Units: seconds
    private var total: Double?
    /// When ``attend()`` last did something.
    private var lastAttended = Date.distantPast
    /// True if workers ended of themselves while there were cases left.
    private var hasLostWorkers = false
    /// What went wrong while a finding was minimized.
    private var failure: CampaignError?
    /// Objects and programs that could not be used, each in a line.
    package let refusals: [String]

    /// Checks everything that can be checked before the first case.
    ///
    /// - Parameters:
    ///   - host: the program that serves as worker
    ///   - state: where the campaign is kept, if it is; settings are then those of its checkpoint, if it has one
    ///   - known: where the list of buckets that do not count is, to be kept with it
    ///   - session: how it is run this time
    /// - Throws: ``CampaignError`` when the folder of findings cannot be written, no named object can be used, or the state
    ///   is of other files
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
            keeper = try CheckpointWriter(
                state, configuration: configuration, known: known, objects: objects, host: host)
        } else {
            keeper = nil
        }
        isUntilFound = session.isUntilFound
        news = CampaignNews(configuration: configuration, session: session, state: state, status: CampaignStatus())
        watch = FileWatch(state == nil ? fuzzTarget.plugins : [])
        ledger = BucketStore(
            configuration: configuration, bases: objects.programs.map(\.program), host: host, keepsEarlier: state == nil
        )
        try onFiles { () throws(FileError) in try TemporaryFolder.check() }
        let path = TemporaryFolder.path + "/bpf-patch-fuzz-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        board = try SharedProgress(path: path, jobs: configuration.budget.jobs)
        // Workers inherit it, so that nothing is left behind however this process ends.
        try? SystemCall.unlink(path)
        crew = WorkerCrew(configuration: configuration, host: host, board: board)
        crew.note = { [news] (text: String) throws(CampaignError) in try news.note(text) }
        crew.isKept = state != nil
        crew.isCounted = { [unowned self] in order.has($0) }
        ledger.triage.isLate = { [unowned self] in attend() }
        if let checkpoint = state?.checkpoint { try restore(checkpoint) }
        clock.countPreparation(since: session.began)
        board.publish(epoch)
        advance()
        try keeper?.begin(at: progress)
    }

    /// Runs the campaign to its limit, or until it is interrupted.
    ///
    /// - Throws: ``CampaignError`` when a worker cannot be started or a finding not be written
    package func run() throws(CampaignError) -> CampaignReport {
        do throws(CampaignError) {
            return try runToEnd()
        } catch {
            let explained = keeper?.explain(error) ?? error
            news.fail(explained)
            throw explained
        }
    }

    /// What is known when an error has ended the campaign, with all buckets.
    package var reportSoFar: CampaignReport {
        var report = bareReport
        report.findings = ledger.findingsSoFar
        return report
    }

    /// What is known now.
    private var bareReport: CampaignReport {
        let seconds = total ?? clock.seconds
        var report = CampaignReport(
            seed: configuration.cases.seed, cases: cases, seconds: seconds,
            casesPerSecond: Double(cases) / max(seconds, 0.001),
            jobs: configuration.budget.jobs, findings: ledger.findings)
        let results = fuzzTarget.report(counts, cases: cases, seconds: seconds)
        report.add(results, counts, targets: fuzzTarget.targets)
        report.target = configuration.target
        report.plugins = configuration.target.pluginFiles
        return report
    }

    private func runToEnd() throws(CampaignError) -> CampaignReport {
        try news.begin(host.options(of: configuration), cases: cases, seconds: clock.before, ledger)
        let isStarted = !isFinished && !clock.isOver
        if isStarted { try crew.start() }
        while !crew.isEmpty {
            let hasWork =
                (ledger.unstored != nil || ledger.hasToSlide) && !isUntilFound && !isTooLateToMinimize
            // A campaign with a finding to minimize does not wait.
            try step(wait: hasWork ? 0 : min(clock.rest ?? 1, 0.1))
            // What belongs together is known early only if each case slides once it is minimized.
            if hasWork {
                if ledger.hasToSlide { try slide() } else if let bucket = ledger.unstored { try minimize(bucket) }
            }
        }
        hasLostWorkers = isStarted && found == nil && !crew.isStopping && !indices(ofBlock: order.next).isEmpty
        // What is behind a gap is run again when the campaign goes on; without a state it never does.
        if keeper == nil && found == nil { for report in order.takeRest() { count(report) } }
        for doubt in crew.unanswered { doubts[doubt.index] = doubt.target }
        // Time that workers left for the minimizing of findings is used up too.
        total = max(clock.seconds, isWoundUp ? clock.limit ?? 0 : 0)
        try finishFindings()
        return try report()
    }

    /// Settles the case of each bucket, now that no more cases are run.
    private func finishFindings() throws(CampaignError) {
        // Of the blocks after the one that ends the campaign nothing is told: how many were begun is chance.
        if found != nil { ledger.early = [:] }
        try ledger.settleEarly()
        try news.look(at: ledger, cases: cases)
        // Of a campaign that runs until something is found, only what was found is minimized and reported.
        while found == nil, try ledger.finishNext() {
            if let failure { throw failure }
            news.minimizing(left: ledger.unfinished)
            try news.look(at: ledger, cases: cases)
            try news.lookAtStored(ledger, .now)
            try keeper?.record(progress)
        }
        if let found {
            news.minimizing(found)
            try ledger.store(found)
            if let failure { throw failure }
        }
        news.minimizing(left: nil)
        try news.look(at: ledger, cases: cases)
        try news.lookAtStored(ledger, .last)
    }

    private func report() throws(CampaignError) -> CampaignReport {
        let isEnded = isFinished
        var report = bareReport
        report.neverRun = report.results.flatMap { $0.neverRun.isEmpty ? nil : $0.neverRun }
        report.doubts = doubts.isEmpty ? nil : doubts.sorted { $0.key < $1.key }.map { Doubt(target: $1, index: $0) }
        report.state = keeper?.path
        if cases > 0 && isWithoutGap { report.arguments = host.options(of: configuration.repeating(end: end)) }
        report.isFinished = isEnded && ledger.isSettled
        report.ended = endReason(isEnded)
        report.hasLostWorkers = hasLostWorkers ? true : nil
        try keeper?.record(progress, isLast: true)
        try news.end(
            report, why: endReason(isEnded).rawValue, patience: clock.patience(isInterrupted: Interrupt.isRequested))
        // What the command was run for is known only now.
        try keeper?.record(progress, isLast: true)
        return report
    }

    /// Why no more cases are run.
    private func endReason(_ isEnded: Bool) -> CampaignReport.End {
        found != nil ? .found : Interrupt.isRequested ? .interrupted : isEnded ? .finished : .timeIsUp
    }

    /// Everything that must go on, also while a finding is minimized.
    ///
    /// - Parameter seconds: how long to wait for workers
    private func step(wait seconds: Double) throws(CampaignError) {
        isWoundUp = isWoundUp || clock.isNeededForMinimizing(ledger.backlog)
        if crew.isStopping || Interrupt.isRequested || clock.isOver || isWoundUp || found != nil { crew.end() }
        var hasNews = false
        for message in try crew.listen(within: seconds) {
            switch message {
            case .hit(let hit): hasNews = try ledger.note(hit, isWritten: !isUntilFound) || hasNews
            case .doubt(let doubt): doubts[doubt.index] = doubt.target
            case .block(let report): take(report)
            }
        }
        // What workers have hit may come after the finding that ends the campaign.
        try news.look(at: ledger, cases: cases, isQuiet: isUntilFound)
        try news.lookAtStored(ledger)
        try keeper?.record(progress, isUrgent: hasNews)
        try checkPlugins()
    }

    /// Lets the campaign go on while a finding is minimized; returns true when there is no time for that any more.
    private func attend() -> Bool {
        if failure != nil { return true }
        let now = Date()
        if now.timeIntervalSince(lastAttended) > 0.005 && !crew.isEmpty {
            do throws(CampaignError) { try step(wait: 0) } catch { failure = error }
            lastAttended = now
        }
        return failure != nil || isTooLateToMinimize
    }

    private var isTooLateToMinimize: Bool { clock.isTooLateToMinimize(isKept: keeper != nil) }

    private func minimize(_ bucket: String) throws(CampaignError) {
        let start = Date()
        news.minimizing(bucket)
        try ledger.store(bucket)
        news.minimizing(left: nil)
        clock.noteMinimizing(since: start)
        if let failure { throw failure }
    }

    /// Lets the next minimized case slide across buckets, which shows what one cause explains.
    private func slide() throws(CampaignError) {
        let start = Date()
        _ = try ledger.slideNext()
        clock.noteSliding(since: start)
        if let failure { throw failure }
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
        clock.before = part.seconds
        cases = part.cases
        counts = part.counts
        order = BlockOrder(next: checkpoint.next)
        epoch = checkpoint.epoch
        tail = checkpoint.tail
        try ledger.restore(checkpoint)
        // A block that an earlier limit cut short is run again, whole.
        if let cut = tail, UInt64(indices(ofBlock: cut.block).count) > cut.cases {
            ledger.remove(cut.hits)
            cases -= cut.cases
            counts = cut.countsBefore
            order = BlockOrder(next: cut.block)
            tail = nil
        }
        end = order.next == 0 ? 0 : indices(ofBlock: order.next - 1).upperBound
        casesBeforeEnd = cases
        board.start(at: order.next)
        if isFinished { clock.start = nil }
    }

    /// Where the campaign stands.
    private var progress: CheckpointWriter.Progress {
        CheckpointWriter.Progress(
            next: order.next, epoch: epoch, cases: cases, seconds: total ?? clock.seconds, isFinished: isFinished,
            tail: tail, counts: counts, ledger: ledger, reported: news.reported)
    }

    private var isFinished: Bool {
        let isOver = clock.limit.map { (total ?? clock.seconds) >= $0 } ?? false
        return (isOver && !isTimeOfSession) || (indices(ofBlock: order.next).isEmpty && !isCutShort)
    }

    private func indices(ofBlock block: UInt64) -> Range<UInt64> {
        configuration.cases.shard.indices(ofBlock: block, limit: configuration.cases.limit ?? UInt64.max)
    }

    /// Takes in a report; one of an unfinished block is counted only if the block will not run again.
    private func take(_ report: BlockReport) {
        // Blocks after the one that ends the campaign are run again when it goes on.
        if found != nil { return }
        let range = indices(ofBlock: report.block)
        for index in doubts.keys where range.prefix(Int(report.done)).contains(index) { doubts[index] = nil }
        if report.done < UInt64(range.count) {
            if keeper != nil { return }
            isCutShort = true
        }
        for ready in order.add(report) { count(ready) }
        advance()
    }

    /// Lets workers go on with the next epoch when all blocks of this one are counted, if there are more.
    private func advance() {
        if order.next < epoch.end || indices(ofBlock: order.next).isEmpty { return }
        epoch = fuzzTarget.deathBudget.epoch(
            after: epoch, counts: counts, cases: cases, targets: fuzzTarget.targets.count,
            running: fuzzTarget.running)
        board.publish(epoch)
    }

    /// Whether all cases up to the last were counted, so that they can be repeated as one range.
    private var isWithoutGap: Bool { cases == casesBeforeEnd }

    /// Takes in what came of a block.
    private func count(_ report: BlockReport) {
        // Blocks that came with the one that ends the campaign are not counted.
        if found != nil { return }
        found = news.end(by: report.hits, in: ledger)
        if found != nil { order = BlockOrder(next: report.block + 1) }
        cases += report.done
        casesBeforeEnd = max(casesBeforeEnd, report.block * Shard.blockSize + report.done)
        end = max(end, indices(ofBlock: report.block).lowerBound + report.done)
        // A kept campaign has the rest of the block when it goes on.
        let isOnly = found != nil && keeper == nil
        ledger.add(
            report.hits.filter { !isOnly || $0.bucket == found || ledger.entries[$0.bucket] != nil })
        if report.done < Shard.blockSize {
            tail = Checkpoint.Tail(
                block: report.block, cases: report.done, hits: report.hits, countsBefore: counts)
        }
        counts += report.counts
    }
}
