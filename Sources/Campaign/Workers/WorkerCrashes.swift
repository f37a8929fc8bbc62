import Fuzzing

/// What children of a worker have died of in the block that is being run.
///
/// The block is run again from its start after each death, without the patcher that is to blame where it is to blame; so
/// what is known of it in the end is the same whenever a child dies. A patcher that costs much is left out of what follows.
struct WorkerCrashes {
    /// How many crashes of a patcher there may be in a block before it is left out of the rest.
    ///
    /// Each costs a child and all cases of the block before it. One that hangs or takes all memory is left out at once.
    static let mostCrashes = 4

    /// The deaths of one patcher.
    private struct Record {
        var counts: [TargetCounts.Kind: Int] = [:]
        /// The case of its last death, after which it is left out, or `nil`.
        var last: UInt64?
        /// Whether it is left out of the whole block.
        var isOut = false
    }

    /// The block that this is about.
    private(set) var block: UInt64?
    private var sightings: [String: BucketHit] = [:]
    /// The patchers that are not asked about a case any more, a bit each.
    private var spared: [UInt64: UInt64] = [:]
    private var records: [Int: Record] = [:]
    /// How often a child died at a case without a patcher that could be blamed for certain.
    private var strikes: [UInt64: Int] = [:]

    /// Forgets all that is not about a block.
    mutating func move(to block: UInt64?) {
        if self.block != block { self = WorkerCrashes(block: block) }
    }

    /// Counts a death that may have been an accident, and says how many there were at the case.
    mutating func strike(at index: UInt64) -> Int {
        strikes[index, default: 0] += 1
        return strikes[index]!
    }

    /// Puts a death down to a patcher, which is not asked about the case again.
    ///
    /// - Parameters:
    ///   - kind: what it is counted as
    ///   - isLasting: whether it is not asked about any case of the block again
    mutating func blame(
        _ patcher: Int, for finding: Finding, as kind: TargetCounts.Kind, at index: UInt64, isLasting: Bool = false
    ) {
        sightings.add(finding.bucket, at: index)
        spared[index, default: 0] |= 1 << UInt64(patcher)
        var record = records[patcher] ?? Record()
        record.counts[kind, default: 0] += 1
        if kind != .crash || record.counts[kind] == Self.mostCrashes { record.last = record.last ?? index }
        record.isOut = record.isOut || isLasting
        records[patcher] = record
    }

    /// The patchers that are not asked about a case of a block, a bit each.
    ///
    /// - Complexity: O(1), or O(patchers that died in the block)
    func excluded(at index: UInt64, of block: UInt64) -> UInt64 {
        if block != self.block { return 0 }
        return records.reduce(spared[index] ?? 0) { mask, entry in
            let isOut = entry.value.isOut || entry.value.last.map { index > $0 } ?? false
            return isOut ? mask | 1 << UInt64(entry.key) : mask
        }
    }

    /// The patchers that a case of a block is not given for deaths at others, a bit each.
    private func leftOut(at index: UInt64) -> UInt64 {
        records.reduce(0) { mask, entry in
            let isOut = entry.value.isOut || entry.value.last.map { index > $0 } ?? false
            return isOut ? mask | 1 << UInt64(entry.key) : mask
        } & ~(spared[index] ?? 0)
    }

    /// How many cases of a block are given to no target.
    ///
    /// - Parameters:
    ///   - others: the targets that the whole block is not given to, a bit each
    ///   - running: how many targets there are that are run
    func countNotRun(_ done: Range<UInt64>, of block: UInt64, others: UInt64, running: Int) -> Int {
        if others == 0 && (block != self.block || records.isEmpty) { return 0 }
        let all = running < UInt64.bitWidth ? 1 << UInt64(running) - 1 : UInt64.max
        return done.count { (others | (block == self.block ? leftOut(at: $0) : 0)) & all == all }
    }

    /// What was found in a block by deaths.
    func sightings(of block: UInt64) -> [String: BucketHit] { block == self.block ? sightings : [:] }

    /// The deaths in a block, and the cases that patchers were left out of, as ``TargetCounts``.
    ///
    /// - Parameter done: the cases of the block that were run
    func counts(of block: UInt64, done: Range<UInt64>, targets: [String]) -> [String: UInt64] {
        if block != self.block { return [:] }
        var counts: [String: UInt64] = [:]
        for (patcher, record) in records {
            for (kind, count) in record.counts {
                TargetCounts.add(count, kind, of: targets[patcher], to: &counts)
            }
            let out = done.count { leftOut(at: $0) >> UInt64(patcher) & 1 != 0 }
            TargetCounts.add(out, .leftOut, of: targets[patcher], to: &counts)
        }
        return counts
    }
}
