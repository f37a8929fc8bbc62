/// How much of a campaign deaths of one target may cost.
///
/// The first hang and the first death for lack of memory cost nothing, so that the target is run further, in all blocks,
/// until the second. From then on deaths may cost a second and a quarter of all cases. Leaving a target out protects the
/// others, so that one target is always run. Prices are fixed, and no time is measured: the same deaths leave a target the
/// same blocks on every machine.
///
/// A hang costs more than the worker that waits for it, since the others wait at the end of the epoch.
///
/// - Units: what a death costs in cases that could have been run meanwhile
package struct DeathBudget: Hashable, Sendable {
    /// How many cases one worker runs in a second, about.
    var casesPerSecond: UInt64
    /// How long a case may take.
    ///
    /// - Units: seconds
    var timeout: Double

    /// The part of all cases that deaths of a target may cost: one in so many.
    private static let share: UInt64 = 4
    /// How long it takes until all memory is taken.
    ///
    /// - Units: seconds
    private static let memorySeconds: UInt64 = 2

    /// How many workers wait while one patcher hangs or takes all memory.
    private static let waiting: UInt64 = 4

    private var hang: UInt64 { Self.waiting * UInt64(Double(casesPerSecond) * max(timeout, 0.1)) }
    private var memory: UInt64 { Self.waiting * casesPerSecond * Self.memorySeconds }
    /// Half a block that is run again, and a millisecond for another child.
    private var crash: UInt64 { Shard.blockSize / 2 + casesPerSecond / 1000 }

    /// How many blocks of an epoch a target is given.
    ///
    /// - Parameters:
    ///   - counts: what was counted of it in all blocks before
    ///   - cases: how many cases these have
    func share(of epoch: Epoch, _ counts: TargetCounts, cases: UInt64) -> UInt64 {
        let prices = [(counts[.hang], hang), (counts[.memory], memory), (counts[.crash], crash)]
        let all = prices.reduce(0) { $0 + $1.0 * $1.1 }
        let free = prices.prefix(2).reduce(0) { $0 + min($1.0, 1) * $1.1 }
        if all == free { return epoch.count }
        let (rest, isSpent) = (casesPerSecond + cases / Self.share + free).subtractingReportingOverflow(all)
        if isSpent { return 0 }
        // Blocks are expected to cost what those so far did.
        let given = max(epoch.start - min(counts[.leftOutBlocks], epoch.start), 1)
        return min(epoch.count, UInt64(Double(rest) * Double(given) / Double(all)))
    }

    /// The epoch that follows, now that all blocks before it are counted.
    ///
    /// - Parameter running: how many of the targets, from the first on, are run with cases; one of them is given all blocks
    func epoch(
        after last: Epoch, counts: [String: UInt64], cases: UInt64, targets: [String], running: Int
    ) -> Epoch {
        var next = Epoch.beginning(at: last.end)
        next.shares = targets.map { share(of: next, TargetCounts(counts, of: $0), cases: cases) }
        let most = next.shares.prefix(running).max() ?? 0
        if most < next.count, let last = next.shares.prefix(running).firstIndex(of: most) {
            next.shares[last] = next.count
        }
        // A campaign in which nothing dies needs no shares.
        if next.shares.allSatisfy({ $0 == next.count }) { next.shares = [] }
        return next
    }
}
