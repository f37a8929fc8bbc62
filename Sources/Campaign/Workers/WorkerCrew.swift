import Foundation
import UserFiles

/// The workers of a campaign: starts them, reads their messages, replaces killed ones, and ends them.
final class WorkerCrew {
    /// The time for workers to complete their block when they are stopped.
    ///
    /// - Units: seconds
    private static let blockPatience = 0.5

    /// The time after that to complete their case; then they are killed.
    ///
    /// - Units: seconds
    private static let casePatience = 0.8

    private let configuration: CampaignConfiguration
    private let host: any HostProgram
    private let shared: SharedProgress
    private var workers: [WorkerProcess] = []
    /// The number of killed workers since the last message of any worker.
    private var killings = 0
    /// The number of killed workers that were replaced.
    private(set) var restarts = 0
    /// The time at which they were stopped, or `nil`.
    private var stopTime: Date?
    /// True if they were told to leave their block.
    private var areLeaving = false
    /// The cases that exceeded their time limit when their workers were killed at the end.
    private(set) var unanswered: [Doubt] = []
    /// Returns true if a block is counted, so that it is not run again.
    var isCounted: (UInt64) -> Bool = { _ in false }
    /// True if the campaign can be resumed.
    var isKept = false
    /// Prints messages for the user.
    var note: (String) throws(CampaignError) -> Void = { _ in }

    init(configuration: CampaignConfiguration, host: any HostProgram, shared: SharedProgress) {
        self.configuration = configuration
        self.host = host
        self.shared = shared
    }

    /// True if all workers have ended.
    var isEmpty: Bool { workers.isEmpty }

    /// The number of workers that have not ended.
    var count: Int { workers.count }

    /// True if workers were told to end.
    var isStopping: Bool { stopTime != nil }

    /// Starts all workers.
    ///
    /// - Throws: ``CampaignError`` if one cannot be started
    func start() throws(CampaignError) {
        for number in 0..<configuration.budget.jobs { try start(number, first: nil) }
    }

    private func start(_ number: Int, first: UInt64?) throws(CampaignError) {
        workers.append(
            try WorkerProcess(
                host: host, .worker(configuration, number: number, first: first),
                plugins: configuration.target.properties.plugins, shared: shared, number: number))
    }

    /// Tells workers to end after their block, later after their case, and then kills them.
    ///
    /// Called repeatedly until ``isEmpty``. A resumed campaign runs incomplete blocks again.
    func end() {
        if stopTime == nil { shared.stop() }
        let since = stopTime ?? Date()
        stopTime = since
        let waited = Date().timeIntervalSince(since)
        if waited > Self.blockPatience && !areLeaving {
            areLeaving = true
            shared.abandon()
        }
        if waited > Self.blockPatience + Self.casePatience { for worker in workers { worker.kill() } }
    }

    /// Waits for messages of workers and returns them.
    ///
    /// - Parameter seconds: the longest wait
    /// - Throws: ``CampaignError`` if a worker has failed, or cannot be replaced
    func listen(within seconds: Double) throws(CampaignError) -> [WorkerMessage] {
        var descriptors = workers.flatMap(\.waited)
        guard (try? SystemCall.wait(for: &descriptors, within: Int32(seconds * 1000))) == true else { return [] }
        var heard: [WorkerMessage] = []
        for (number, worker) in workers.enumerated() {
            // A process that a plug-in started may keep the pipe of a dead worker open.
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

    /// Replaces a worker that was killed; the new one runs its incomplete block.
    ///
    /// A patcher kills only the child of a worker, so another process must have killed the worker itself.
    private func conclude(_ worker: WorkerProcess) throws(CampaignError) {
        switch worker.waitUntilExit() {
        case .done: return
        case .failed(let status):
            throw CampaignError("a worker ended with status \(status), for the reason printed above")
        case .killed(let signal):
            let (block, index) = shared.position(ofWorker: worker.number)
            if isStopping {
                let end = CutCase(
                    index: index, start: shared.start(ofWorker: worker.number),
                    now: DispatchTime.now().uptimeNanoseconds, timeout: configuration.target.properties.budget.timeout,
                    isKept: isKept)
                try note(end.text)
                // A patcher's case takes microseconds, so it hangs. A kernel's case may take seconds.
                if end.isLate, configuration.target.properties.kernel.isEmpty,
                    let target = shared.patcher(ofWorker: worker.number)
                {
                    unanswered.append(Doubt(target: configuration.target.properties.targets[target], index: index))
                }
                return
            }
            killings += 1
            if killings == 10 {
                // The child process may have continued after its patcher killed the worker.
                let targets = configuration.target.properties.targets
                let place = (shared.patcher(ofWorker: worker.number) ?? (targets.count == 1 ? 0 : nil)).map {
                    ", while \(targets[$0]) runs case \(index)"
                }
                throw CampaignError(
                    "workers are killed by signal \(signal) directly after their start\(place ?? "")")
            }
            // It may have been killed after it reported the block.
            let rest = block.flatMap { isCounted($0) ? nil : $0 }
            let what = rest.map { _ in "at case \(index); its block is run again" } ?? "between two blocks"
            try note("a worker was killed by signal \(signal) \(what)")
            restarts += 1
            try start(worker.number, first: rest)
        }
    }
}

/// The case of a worker that was killed at the end of the campaign.
struct CutCase {
    var index: UInt64
    /// The start of the case; 0 if unknown.
    ///
    /// - Units: nanoseconds
    var start: UInt64
    /// - Units: nanoseconds
    var now: UInt64
    /// The time limit of a case.
    ///
    /// - Units: seconds
    var timeout: Double

    /// The time that the case ran.
    ///
    /// - Units: seconds
    private var seconds: Double { start == 0 || start > now ? 0 : Double(now - start) / 1e9 }

    /// True if it exceeded the time limit; otherwise its target may be correct.
    var isLate: Bool { seconds > timeout }

    /// True if the campaign can be resumed.
    var isKept = false

    /// The message for the user.
    var text: String {
        func tenths(_ seconds: Double) -> String { String((seconds * 10).rounded() / 10) }
        return "case \(index) \(Self.words) \(tenths(seconds)) of its limit of \(tenths(timeout)) s; "
            + (isKept
                ? "its block is not counted, and is run again when the campaign is resumed"
                : "its block is not counted")
    }

    /// The words of the message that follow the index.
    static let words = "was stopped at the end of the campaign after"
}
