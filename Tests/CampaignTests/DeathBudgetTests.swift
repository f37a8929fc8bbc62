import Testing

@testable import Campaign

/// The share of blocks for a target that hangs, crashes or takes all memory.
@Suite struct DeathBudgetTests {
    private static let budget = DeathBudget(casesPerSecond: 250_000, timeout: 2)

    private static func share(_ counts: TargetCounts, from start: UInt64) -> UInt64 {
        budget.share(of: .beginning(at: start), counts, cases: start * Shard.blockSize)
    }

    /// Epochs follow each other without a gap, and double up to the longest.
    @Test func epochsDouble() {
        var epoch = Epoch()
        var lengths: [UInt64] = [epoch.count]
        for _ in 0..<16 {
            let next = Self.budget.epoch(after: epoch, counts: CampaignCounts(), cases: 0, targets: 1, running: 1)
            #expect(next.start == epoch.end && next.shares.isEmpty)
            epoch = next
            lengths.append(epoch.count)
        }
        #expect(lengths.prefix(6) == [1, 1, 2, 4, 8, 16])
        #expect(lengths.last == Epoch.longest && lengths.max() == Epoch.longest)
    }

    /// A share has its exact number of blocks, including the first, at distances as equal as possible.
    @Test func sharesAreSpreadEvenly() {
        for length in 1...70 as ClosedRange<UInt64> {
            for share in 0...length {
                let epoch = Epoch(start: 100, end: 100 + length, shares: [share, 0])
                let given = (epoch.start..<epoch.end).filter { epoch.runs($0, 0) }
                #expect(given.count == Int(share) && (share == 0 || given.first == 100), "\(share) of \(length)")
                for (one, two) in zip(given, given.dropFirst()) { #expect(two - one <= (length + share - 1) / share) }
                for block in epoch.start..<epoch.end {
                    #expect(epoch.leftOut(of: block) == (given.contains(block) ? 2 : share == length ? 2 : 3))
                }
            }
        }
    }

    /// A worker may repeat a block that was counted in an earlier epoch. All targets run such blocks.
    @Test func repeatedBlocksHaveAllTargets() {
        let epoch = Epoch(start: 64, end: 128, shares: [1, 0])
        #expect(epoch.runs(63, 0) && epoch.leftOut(of: 0) == 0)
    }

    /// A counted block is known as such, even after a gap.
    @Test func countedBlocksAreKnown() {
        var order = BlockOrder(next: 2)
        #expect(order.has(1) && !order.has(2))
        #expect(order.add(BlockReport(block: 3, done: 128)).isEmpty)
        #expect(order.has(3) && !order.has(2))
        #expect(order.add(BlockReport(block: 2, done: 128)).count == 2)
        #expect(order.has(3) && !order.has(4))
    }

    /// The first hang has no effect: the target runs all blocks of the next epochs until it hangs again.
    @Test func firstHangIsFree() {
        #expect(Self.share(TargetCounts(), from: 1024) == 1024)
        for start in [1, 2, 64, 1024] as [UInt64] {
            #expect(Self.share(TargetCounts(hangs: 1), from: start) == start)
            #expect(Self.share(TargetCounts(hangs: 1, memory: 1), from: start) == start)
            #expect(Self.share(TargetCounts(hangs: 2), from: start) == 0)
        }
        #expect(Self.share(TargetCounts(hangs: 1), from: Epoch.longest * 8) == Epoch.longest)
    }

    /// Leaving out the last target would protect no other: of the targets that die, one runs all blocks. It is one of those
    /// that the campaign runs.
    @Test func oneTargetRunsAllBlocks() {
        let last = Epoch.beginning(at: 32)
        let (a, b, calm) = (TargetCounts(hangs: 9), TargetCounts(hangs: 3, crashes: 9), TargetCounts())
        func shares(_ targets: [TargetCounts], running: Int) -> [UInt64] {
            Self.budget.epoch(
                after: last, counts: CampaignCounts(targets), cases: 64 * 128, targets: targets.count, running: running
            ).shares
        }
        #expect(shares([a], running: 1) == [])
        #expect(shares([a, b], running: 2) == [64, 0])
        #expect(shares([a, b, calm], running: 3) == [0, 0, 64])
        #expect(shares([a, calm], running: 1) == [])
        let other = Self.budget.epoch(
            after: last, counts: CampaignCounts([a, TargetCounts(crashes: 700)]), cases: 64 * 128, targets: 2,
            running: 2)
        #expect(other.shares[0] == 0 && other.shares[1] == 64)
    }

    /// Other targets keep at least half of their rate beside one that hangs in every block. This holds even if two workers
    /// run twice as many cases a second as the prices assume, and all of them wait for each hang.
    @Test(arguments: [100_000, 250_000, 500_000, 1_000_000, 2_000_000] as [Double])
    func othersKeepHalfOfTheirRate(_ casesPerSecond: Double) {
        var epoch = Epoch()
        var (hangs, leftOut, running): (UInt64, UInt64, Double) = (1, 0, 0)
        while true {
            running = Double(epoch.end * Shard.blockSize) / casesPerSecond
            if running + 2 * Double(hangs) > 15 || epoch.end > 1 << 24 { break }
            let counts = CampaignCounts([TargetCounts(hangs: hangs, leftOutBlocks: leftOut)])
            epoch = Self.budget.epoch(
                after: epoch, counts: counts, cases: epoch.end * Shard.blockSize, targets: 2, running: 2)
            let share = epoch.shares.first ?? epoch.count
            hangs += share
            leftOut += epoch.count - share
        }
        #expect(2 * Double(hangs) <= 7.5, "\(hangs) hangs, \(running) s")
    }

    /// A target that hangs in each block costs at most a second and a quarter of all cases, or its second death.
    @Test(
        arguments: [(ChildExit.Kind.hang, 2_000_000), (.memory, 2_000_000), (.crash, 4 * 314)]
            as [(ChildExit.Kind, UInt64)]
    )
    func deathsCostAQuarter(_ kind: ChildExit.Kind, price: UInt64) {
        var epoch = Epoch()
        var (deaths, leftOut): (UInt64, UInt64) = (1, 0)
        let each: UInt64 = kind == .crash ? 4 : 1
        deaths = each
        while epoch.end < 1 << 19 {
            var counts = TargetCounts(leftOutBlocks: leftOut)
            switch kind {
            case .hang: counts.hangs = deaths
            case .memory: counts.memory = deaths
            case .crash: counts.crashes = deaths
            }
            epoch = Self.budget.epoch(
                after: epoch, counts: CampaignCounts([counts]), cases: epoch.end * Shard.blockSize, targets: 2,
                running: 2)
            let share = epoch.shares.first ?? epoch.count
            deaths += share * each
            leftOut += epoch.count - share
            let cost = deaths / each * price
            #expect(cost <= price + max(price, 250_000 + epoch.end * Shard.blockSize / 4), "\(epoch)")
        }
        // It still gets some blocks.
        #expect(deaths > 5 * each)
    }
}
