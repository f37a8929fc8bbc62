/// The share of a campaign that deaths of one target may cost.
///
/// The first hang and the first death for lack of memory are free: the target runs in all blocks until the second.
/// After that, deaths may cost one second and a quarter of all cases. A target over budget is excluded to protect the
/// others, so a single target always runs. Prices are fixed instead of measured. So the same deaths exclude a target
/// from the same blocks on every machine.
///
/// A hang costs more than the time of its worker, since the other workers wait at the end of the epoch.
///
/// - Units: the price of a death is the number of cases that could have been run meanwhile
package struct DeathBudget: Hashable, Sendable {
    /// The approximate number of cases that one worker runs in a second.
    var casesPerSecond: UInt64
    /// The time limit of a case.
    ///
    /// - Units: seconds
    var timeout: Double

    /// Deaths of a target may cost at most 1 / `share` of all cases.
    private static let share: UInt64 = 4
    /// The time until a patcher has taken all memory.
    ///
    /// - Units: seconds
    private static let memorySeconds: UInt64 = 2

    /// The number of workers that wait while one patcher hangs or takes all memory.
    private static let waiting: UInt64 = 4

    private var hang: UInt64 { Self.waiting * UInt64(Double(casesPerSecond) * max(timeout, 0.1)) }
    private var memory: UInt64 { Self.waiting * casesPerSecond * Self.memorySeconds }
    /// Half a block is run again, and a new child takes a millisecond.
    private var crash: UInt64 { Shard.blockSize / 2 + casesPerSecond / 1000 }

    /// The number of blocks of an epoch that a target runs.
    ///
    /// - Parameters:
    ///   - counts: its counters in all blocks before
    ///   - cases: the number of cases in those
    func share(of epoch: Epoch, _ counts: TargetCounts, cases: UInt64) -> UInt64 {
        let prices = [(counts.hangs, hang), (counts.memory, memory), (counts.crashes, crash)]
        let all = prices.reduce(0) { $0 + $1.0 * $1.1 }
        let free = prices.prefix(2).reduce(0) { $0 + min($1.0, 1) * $1.1 }
        if all == free { return epoch.count }
        let (rest, isSpent) = (casesPerSecond + cases / Self.share + free).subtractingReportingOverflow(all)
        if isSpent { return 0 }
        // A block is expected to cost as much as the blocks so far.
        let given = max(epoch.start - min(counts.leftOutBlocks, epoch.start), 1)
        return min(epoch.count, UInt64(Double(rest) * Double(given) / Double(all)))
    }

    /// The next epoch, when all blocks before it are counted.
    ///
    /// - Parameters:
    ///   - targets: the number of targets
    ///   - running: the number of them that run cases; one of these runs all blocks
    func epoch(after last: Epoch, counts: CampaignCounts, cases: UInt64, targets: Int, running: Int) -> Epoch {
        var next = Epoch.beginning(at: last.end)
        next.shares = (0..<targets).map { share(of: next, counts[$0], cases: cases) }
        let most = next.shares.prefix(running).max() ?? 0
        if most < next.count, let last = next.shares.prefix(running).firstIndex(of: most) {
            next.shares[last] = next.count
        }
        // Without deaths there are no shares.
        if next.shares.allSatisfy({ $0 == next.count }) { next.shares = [] }
        return next
    }
}
