import Fuzzing

/// The deaths of a worker's children in the block that is being run.
///
/// The block is run again from its start after each death, without the patcher that died at the case where it died. The
/// result of the block is therefore the same whenever a child dies. A patcher that costs much is left out of later cases.
struct WorkerCrashes {
    /// The number of crashes in a block after which a patcher is left out of the rest of it.
    ///
    /// Each costs a child and all cases of the block before it. A patcher that hangs or takes all memory is left out at once.
    static let mostCrashes = 4

    /// The deaths of one patcher.
    private struct Record {
        var deaths: [ChildExit.Kind: UInt64] = [:]
        /// The case of its last death, after which it is left out, or `nil`.
        var last: UInt64?
        /// True if it is left out of the whole block.
        var isOut = false

        /// Returns true if the patcher is left out of a case.
        func isOut(at index: UInt64) -> Bool { isOut || last.map { index > $0 } ?? false }
    }

    /// The block of the deaths.
    private(set) var block: UInt64?
    private var hits: [String: BucketHit] = [:]
    /// The patchers that died at a case, a bit each.
    private var died: [UInt64: UInt64] = [:]
    private var records: [Int: Record] = [:]
    /// The number of deaths at a case that could not be attributed to a patcher.
    private var retries: [UInt64: Int] = [:]

    /// Forgets the deaths in other blocks.
    mutating func move(to block: UInt64?) {
        if self.block != block { self = WorkerCrashes(block: block) }
    }

    /// Counts a death that may have been an accident, and returns the number of those at the case.
    mutating func retryCount(at index: UInt64) -> Int {
        retries[index, default: 0] += 1
        return retries[index]!
    }

    /// Attributes a death to a patcher, which does not run the case again.
    ///
    /// - Parameters:
    ///   - kind: the counter of the death
    ///   - isLasting: true if the patcher is left out of the whole block
    mutating func attribute(
        to patcher: Int, _ finding: Finding, as kind: ChildExit.Kind, at index: UInt64, isLasting: Bool = false
    ) {
        hits.add(finding.bucket, at: index)
        died[index, default: 0] |= 1 << UInt64(patcher)
        var record = records[patcher] ?? Record()
        record.deaths[kind, default: 0] += 1
        if kind != .crash || record.deaths[kind] == UInt64(Self.mostCrashes) { record.last = record.last ?? index }
        record.isOut = record.isOut || isLasting
        records[patcher] = record
    }

    /// The patchers that do not run a case of a block, a bit each.
    ///
    /// - Complexity: O(1), or O(patchers that died in the block)
    func excluded(at index: UInt64, of block: UInt64) -> UInt64 {
        block == self.block ? (died[index] ?? 0) | leftOutAfterDeaths(at: index) : 0
    }

    /// The patchers that do not run a case because they died at others, a bit each.
    private func leftOut(at index: UInt64) -> UInt64 { leftOutAfterDeaths(at: index) & ~(died[index] ?? 0) }

    private func leftOutAfterDeaths(at index: UInt64) -> UInt64 {
        records.reduce(0) { mask, entry in
            entry.value.isOut(at: index) ? mask | 1 << UInt64(entry.key) : mask
        }
    }

    /// The number of cases of a block that no target ran.
    ///
    /// - Parameters:
    ///   - others: the targets that are left out of the whole block, a bit each
    ///   - running: the number of targets that run cases
    func countNotRun(_ done: Range<UInt64>, of block: UInt64, others: UInt64, running: Int) -> Int {
        if others == 0 && (block != self.block || records.isEmpty) { return 0 }
        let all = running < UInt64.bitWidth ? 1 << UInt64(running) - 1 : UInt64.max
        return done.count { (others | (block == self.block ? leftOut(at: $0) : 0)) & all == all }
    }

    /// The hits in a block by deaths.
    func hits(of block: UInt64) -> [String: BucketHit] { block == self.block ? hits : [:] }

    /// Counts the deaths in a block, and the cases that patchers were left out of.
    ///
    /// - Parameter done: the cases of the block that were run
    func count(_ done: Range<UInt64>, of block: UInt64, in counts: inout CampaignCounts) {
        if block != self.block { return }
        for (patcher, record) in records {
            counts[patcher].hangs += record.deaths[.hang] ?? 0
            counts[patcher].memory += record.deaths[.memory] ?? 0
            counts[patcher].crashes += record.deaths[.crash] ?? 0
            counts[patcher].leftOut += UInt64(done.count { leftOut(at: $0) >> UInt64(patcher) & 1 != 0 })
        }
    }
}
