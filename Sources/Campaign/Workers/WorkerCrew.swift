import Foundation
import UserFiles

/// The workers of a campaign: started, listened to, replaced when somebody kills them, and ended.
final class WorkerCrew {
    /// How long workers have to end their block when they are to stop.
    ///
    /// - Units: seconds
    private static let blockPatience = 0.5

    /// How long they then have to end their case; one that hangs is killed.
    ///
    /// - Units: seconds
    private static let casePatience = 0.8

    private let configuration: CampaignConfiguration
    private let host: any HostProgram
    private let board: SharedProgress
    private var workers: [WorkerProcess] = []
    /// How often a worker was killed since anything was last heard of one.
    private var killings = 0
    /// When they were told to end.
    private var told: Date?
    /// Whether they were told to leave what they were at.
    private var areLeaving = false
    /// The cases that were not answered when the end came.
    private(set) var unanswered: [Doubt] = []
    /// Returns true if a block is counted, and need not be run again.
    var isCounted: (UInt64) -> Bool = { _ in false }
    /// Whether the campaign can go on later.
    var isKept = false
    /// Is given what the user is to know.
    var note: (String) throws(CampaignError) -> Void = { _ in }

    init(configuration: CampaignConfiguration, host: any HostProgram, board: SharedProgress) {
        self.configuration = configuration
        self.host = host
        self.board = board
    }

    /// Whether all have ended.
    var isEmpty: Bool { workers.isEmpty }

    /// Whether they are to end.
    var isStopping: Bool { told != nil }

    /// Starts all workers.
    ///
    /// - Throws: ``CampaignError`` when one cannot be started
    func start() throws(CampaignError) {
        for number in 0..<configuration.budget.jobs { try start(number, first: nil) }
    }

    private func start(_ number: Int, first: UInt64?) throws(CampaignError) {
        workers.append(
            try WorkerProcess(
                host: host, .worker(configuration, number: number, first: first),
                plugins: configuration.target.properties.plugins, board: board, number: number))
    }

    /// Tells workers to end with their block, a moment later with their case, and kills those that then do not.
    ///
    /// Called again and again until ``isEmpty``. Blocks that are not completed are run again when the campaign goes on.
    func end() {
        if told == nil { board.stop() }
        let since = told ?? Date()
        told = since
        let waited = Date().timeIntervalSince(since)
        if waited > Self.blockPatience && !areLeaving {
            areLeaving = true
            board.abandon()
        }
        if waited > Self.blockPatience + Self.casePatience { for worker in workers { worker.kill() } }
    }

    /// Waits until workers have something to say, and returns it.
    ///
    /// - Parameter seconds: how long to wait at most
    /// - Throws: ``CampaignError`` when a worker has failed, or cannot be replaced
    func listen(within seconds: Double) throws(CampaignError) -> [WorkerMessage] {
        var descriptors = workers.flatMap(\.waited)
        guard (try? SystemCall.wait(for: &descriptors, within: Int32(seconds * 1000))) == true else { return [] }
        var heard: [WorkerMessage] = []
        for (number, worker) in workers.enumerated() {
            // A child that a plug-in has left running may hold the output of a worker that has ended.
            let hasEnded = descriptors[2 * number + 1].revents != 0
            if !hasEnded && descriptors[2 * number].revents == 0 { continue }
            let messages = hasEnded ? worker.readRest() : worker.read()
            if let messages, !messages.isEmpty { killings = 0 }
            heard += messages ?? []
            if messages != nil && !hasEnded { continue }
            workers.removeAll { $0 === worker }
            try conclude(worker)
        }
        return heard
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
            if isStopping {
                let end = CutCase(
                    index: index, start: board.start(ofWorker: worker.number),
                    now: DispatchTime.now().uptimeNanoseconds, timeout: configuration.target.properties.budget.timeout,
                    isKept: isKept)
                try note(end.text)
                // Cases of patchers take microseconds, those of a kernel may take seconds.
                if end.isLate, configuration.target.properties.kernel.isEmpty,
                    let target = board.patcher(ofWorker: worker.number)
                {
                    unanswered.append(Doubt(target: configuration.target.properties.targets[target], index: index))
                }
                return
            }
            killings += 1
            if killings == 10 {
                // The process of the patcher may have gone on after it killed its worker.
                let targets = configuration.target.properties.targets
                let place = (board.patcher(ofWorker: worker.number) ?? (targets.count == 1 ? 0 : nil)).map {
                    ", while \(targets[$0]) is run at case \(index)"
                }
                throw CampaignError(
                    "workers are killed by signal \(signal) as soon as they are started\(place ?? "")")
            }
            // It may have been killed after it had reported the block.
            let rest = block.flatMap { isCounted($0) ? nil : $0 }
            let what = rest.map { _ in "at case \(index); its block is run again" } ?? "between two blocks"
            try note("a worker was killed by signal \(signal) \(what)")
            try start(worker.number, first: rest)
        }
    }
}

/// A case that a worker was at when it was killed at the end of the campaign.
struct CutCase {
    var index: UInt64
    /// When it was begun; 0 when that is not known.
    ///
    /// - Units: nanoseconds
    var start: UInt64
    /// - Units: nanoseconds
    var now: UInt64
    /// How long a case may take.
    ///
    /// - Units: seconds
    var timeout: Double

    /// How long it was run.
    ///
    /// - Units: seconds
    private var seconds: Double { start == 0 || start > now ? 0 : Double(now - start) / 1e9 }

    /// True if it was run longer than a case may be; otherwise nothing is known against its target.
    var isLate: Bool { seconds > timeout }

    /// Whether the campaign can go on later.
    var isKept = false

    /// What happened, for the user.
    var text: String {
        func tenths(_ seconds: Double) -> String { String((seconds * 10).rounded() / 10) }
        return "case \(index) \(Self.words) \(tenths(seconds)) of the \(tenths(timeout)) s that it may take; "
            + (isKept
                ? "its block is run again when the campaign is resumed, and is not counted yet"
                : "its block is not counted")
    }

    /// What is said of a case that was cut off.
    static let words = "was cut off at the end after"
}
