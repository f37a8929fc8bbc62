import BPF
import Foundation
import Fuzzing
import LinuxBPF
import Patching

/// A campaign: worker processes over one range of indices, and the findings that come of it.
public final class Campaign {
    private let settings: CampaignSettings
    private let program: URL
    private let boardPath: String
    private let board: SharedBoard
    private var order = BlockOrder()
    private var cases: UInt64 = 0
    private var ledger: FindingLedger
    private var status = StatusLine()
    private var workers: [WorkerProcess] = []
    private var skipped: [Int: Set<UInt64>] = [:]
    /// For each worker the case that it is at, and since when.
    private var lastMoves: [Int: (index: UInt64, time: Date)] = [:]
    /// How often a worker was killed at a case without a patcher having done it.
    private var killedAt: [UInt64: Int] = [:]
    private let start = Date()
    /// Objects and programs that could not be used, each in a line.
    public let refusals: [String]

    /// Checks everything that can be checked before the first case.
    ///
    /// - Parameter program: the executable that serves as worker
    /// - Throws: ``CampaignError`` when the folder of findings cannot be written, or no named object can be used
    public init(settings: CampaignSettings, program: URL) throws(CampaignError) {
        self.settings = settings
        self.program = program
        try CrashFolder(path: settings.crashes).prepare()
        let objects = ObjectCollection(paths: settings.objects)
        refusals = objects.refusals.map(\.description)
        if !settings.objects.isEmpty && objects.programs.isEmpty {
            throw CampaignError.noObject(refusals)
        }
        ledger = FindingLedger(settings: settings, bases: objects.programs.map(\.program))
        boardPath = NSTemporaryDirectory() + "bpf-patch-fuzz-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        board = try SharedBoard(path: boardPath, jobs: settings.jobs)
    }

    deinit { unsafe unlink(boardPath) }

    /// Runs the campaign to its limit, or until it is interrupted.
    ///
    /// - Throws: ``CampaignError`` when a worker cannot be started or a finding not be written
    public func run() throws(CampaignError) -> CampaignReport {
        for number in 0..<settings.jobs { try startWorker(number, first: nil) }
        while !workers.isEmpty {
            if Interrupt.isRequested || isTimeOver { board.stop() }
            try listen()
            killStuckWorkers()
            if let bucket = ledger.unstored {
                try ledger.store(bucket)
                // Nobody was listened to meanwhile, so nobody can be blamed for having stood still.
                lastMoves = [:]
            }
            status.show(
                cases: cases, findings: ledger.count, elapsed: Date().timeIntervalSince(start))
        }
        for report in order.takeRest() { count(report) }
        let seconds = Date().timeIntervalSince(start)
        try ledger.finish { status.show("minimising finding \($0) of \($1)") }
        status.clear()
        return CampaignReport(
            seed: settings.seed, cases: cases, seconds: seconds, casesPerSecond: Double(cases) / max(seconds, 0.001),
            jobs: settings.jobs, findings: ledger.findings)
    }

    private var isTimeOver: Bool { settings.time.map { Date().timeIntervalSince(start) >= $0 } ?? false }

    private func startWorker(_ number: Int, first: UInt64?) throws(CampaignError) {
        workers.append(
            try WorkerProcess(
                program: program, settings: settings, board: boardPath, number: number, first: first,
                skipped: skipped[number] ?? []))
    }

    /// Waits a moment for what workers say, and takes it in.
    private func listen() throws(CampaignError) {
        var descriptors = workers.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let timeout = min(settings.time.map { $0 - Date().timeIntervalSince(start) } ?? 1, 0.1)
        let ready = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32(max(timeout, 0.005) * 1000))
        if ready <= 0 { return }
        for (worker, descriptor) in zip(workers, descriptors) where descriptor.revents != 0 {
            if let reports = worker.read() {
                for report in reports { for ready in order.add(report) { count(ready) } }
            } else {
                workers.removeAll { $0 === worker }
                try conclude(worker)
            }
        }
    }

    /// Takes in what came of a block.
    private func count(_ report: BlockReport) {
        cases += UInt64(settings.shard.indices(ofBlock: report.block, limit: settings.cases ?? UInt64.max).count)
        for sighting in report.sightings { ledger.add(sighting) }
    }

    /// Kills workers that have been at one case for too long; ``conclude(_:)`` finds out why.
    private func killStuckWorkers() {
        let now = Date()
        // Whoever has asked for an end does not wait as long.
        let patience = Interrupt.isRequested ? 2 : WorkerProcess.patience
        for worker in workers {
            let index = board.position(ofWorker: worker.number).index
            if let known = lastMoves[worker.number], known.index == index {
                if now.timeIntervalSince(known.time) > patience { worker.kill() }
            } else {
                lastMoves[worker.number] = (index, now)
            }
        }
    }

    /// Finds out why a worker ended; what it left undone is done by another.
    private func conclude(_ worker: WorkerProcess) throws(CampaignError) {
        defer { lastMoves = [:] }
        switch worker.waitUntilExit() {
        case .done: return
        case .failed(let status):
            throw CampaignError("a worker ended with status \(status); what it wrote above says why")
        case .killed(let signal):
            let (block, index) = board.position(ofWorker: worker.number)
            if Interrupt.isRequested {
                status.clear()
                Output.note("the worker at case \(index) did not end and was stopped; its block is not counted\n")
                return
            }
            var isExplained = false
            for target in settings.patchers where block != nil {
                guard let end = try probe(target, at: index) else { continue }
                ledger.add(Sighting(bucket: "\(target.name)/\(end)/none", index: index, count: 1), isDeadly: true)
                skipped[worker.number, default: []].insert(index)
                isExplained = true
            }
            if !isExplained {
                // No patcher did it, so it was killed from outside: its block is run once more, whole.
                status.clear()
                let text = "a worker was killed by signal \(signal) at case \(index); its block is run again\n"
                Output.note(text)
                killedAt[index, default: 0] += 1
                if killedAt[index] == 3 {
                    throw CampaignError("case \(index) of seed \(settings.seed) ends workers, but no patcher does")
                }
            }
            let indices = block.map { settings.shard.indices(ofBlock: $0, limit: settings.cases ?? UInt64.max) }
            skipped[worker.number] = skipped[worker.number]?.filter { indices?.contains($0) ?? false }
            try startWorker(worker.number, first: block)
        }
    }

    /// How one patcher alone ends a worker on a case, in the words of a bucket, or `nil`.
    private func probe(_ target: PatcherChoice, at index: UInt64) throws(CampaignError) -> String? {
        var alone = settings
        alone.patchers = [target]
        alone.cases = 0
        let path = boardPath + "-probe"
        defer { unsafe unlink(path) }
        _ = try SharedBoard(path: path, jobs: settings.jobs)
        let probe = try WorkerProcess(
            program: program, settings: alone, board: path, number: 0, first: nil, skipped: [], alone: index)
        switch probe.waitPatiently() {
        case .killed(let signal): return "\(BrokenRule.crash.rawValue)/\(Self.name(ofSignal: signal))"
        case .done, .failed: return nil
        case nil: return "\(BrokenRule.hang.rawValue)/none"
        }
    }

    /// The name of a signal in a bucket.
    private static func name(ofSignal number: Int32) -> String {
        let names = [
            SIGILL: "sigill", SIGTRAP: "sigtrap", SIGABRT: "sigabrt", SIGSEGV: "sigsegv", SIGBUS: "sigbus",
            SIGFPE: "sigfpe", SIGKILL: "sigkill",
        ]
        return names[number] ?? "signal"
    }
}
