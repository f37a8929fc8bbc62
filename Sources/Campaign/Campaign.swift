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
    /// When an interrupt was first seen.
    private var interrupted: Date?
    /// How long workers have to end after an interrupt.
    ///
    /// - Units: seconds
    private static let patience = 2.0
    /// How often a worker was killed since anything was last heard of one.
    private var killings = 0
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
        ledger = FindingLedger(settings: settings, bases: objects.programs.map(\.program), program: program)
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
            killLateWorkers()
            if let bucket = ledger.unstored { try ledger.store(bucket) }
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
        var words = ["worker", "--board", boardPath, "--number", String(number)]
        if let first { words += ["--first", String(first)] }
        workers.append(
            try WorkerProcess(
                program: program, words + settings.arguments, plugins: settings.patchers.compactMap(\.plugin?.path),
                number: number))
    }

    /// Waits a moment for what workers say, and takes it in.
    private func listen() throws(CampaignError) {
        var descriptors = workers.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let timeout = min(settings.time.map { $0 - Date().timeIntervalSince(start) } ?? 1, 0.1)
        let ready = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32(max(timeout, 0.005) * 1000))
        if ready <= 0 { return }
        for (worker, descriptor) in zip(workers, descriptors) where descriptor.revents != 0 {
            if let reports = worker.read() {
                if !reports.isEmpty { killings = 0 }
                for report in reports { for ready in order.add(report) { count(ready) } }
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
        cases += UInt64(settings.shard.indices(ofBlock: report.block, limit: settings.cases ?? UInt64.max).count)
        for sighting in report.sightings { ledger.add(sighting) }
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
                status.clear()
                Output.note("the worker at case \(index) did not end and was stopped; its block is not counted\n")
                return
            }
            killings += 1
            if killings == 10 {
                throw CampaignError("workers are killed by signal \(signal) as soon as they are started")
            }
            status.clear()
            let what = block.map { _ in "at case \(index); its block is run again" } ?? "between two blocks"
            Output.note("a worker was killed by signal \(signal) \(what)\n")
            try startWorker(worker.number, first: block)
        }
    }
}
