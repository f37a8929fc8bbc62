import Fuzzing

/// What children of a worker have died of in the block that is being run.
///
/// The block is run again from its start after each death, without the patcher that is to blame where it is to blame; so
/// what is known of it in the end is the same whenever a child dies.
struct Casualties {
    /// The block that this is about.
    private(set) var block: UInt64?
    private var sightings: [String: Sighting] = [:]
    /// The patchers that are not asked about a case any more, a bit each.
    private var spared: [UInt64: UInt64] = [:]
    /// Those that are not asked about the rest of the block.
    private var sparedAlways: UInt64 = 0
    /// How often a child died at a case without a patcher that could be blamed for certain.
    private var strikes: [UInt64: Int] = [:]

    /// Forgets all that is not about a block.
    mutating func move(to block: UInt64?) {
        if self.block != block { self = Casualties(block: block) }
    }

    /// Counts a death that may have been an accident, and says how many there were at the case.
    mutating func strike(at index: UInt64) -> Int {
        strikes[index, default: 0] += 1
        return strikes[index]!
    }

    /// Puts a death down to a patcher, which is not asked about the case again.
    ///
    /// - Parameter isLasting: whether it is not asked about any case of the block again
    mutating func blame(_ patcher: Int, for finding: Finding, at index: UInt64, isLasting: Bool = false) {
        sightings.add(finding.bucket, at: index)
        spared[index, default: 0] |= 1 << UInt64(patcher)
        if isLasting { sparedAlways |= 1 << UInt64(patcher) }
    }

    /// The patchers that are not asked about a case of a block, a bit each.
    ///
    /// - Complexity: O(1)
    func spared(at index: UInt64, of block: UInt64) -> UInt64 {
        if block != self.block { return 0 }
        return sparedAlways | (spared[index] ?? 0)
    }

    /// What was found in a block by deaths.
    func sightings(of block: UInt64) -> [String: Sighting] { block == self.block ? sightings : [:] }
}
