import Synchronization

/// Measures how the time of workers is divided between targets, by looking at each worker many times a second.
///
/// A worker writes the number of the running target to shared memory unconditionally, so the measurement costs it nothing.
final class CostSampler: Sendable {
    private let shared: SharedProgress
    private let jobs: Int
    /// The number of samples in each target, and last in none.
    private let counts: Mutex<[UInt64]>

    /// - Parameters:
    ///   - jobs: the number of workers
    ///   - targets: the number of targets
    init(_ shared: SharedProgress, jobs: Int, targets: Int) {
        self.shared = shared
        self.jobs = jobs
        counts = Mutex(Array(repeating: 0, count: targets + 1))
    }

    /// Looks at each worker that runs a case.
    func sample() {
        counts.withLock { counts in
            for worker in 0..<jobs where shared.isBusy(worker: worker) && !shared.hasGivenUp(worker: worker) {
                let none = counts.count - 1
                counts[min(shared.patcher(ofWorker: worker) ?? none, none)] += 1
            }
        }
    }

    /// The share of each target, and last of all other work; empty without a sample.
    var costs: [Double] {
        counts.withLock { counts in
            let all = counts.reduce(0, +)
            return all == 0 ? [] : counts.map { Double($0) / Double(all) }
        }
    }
}
