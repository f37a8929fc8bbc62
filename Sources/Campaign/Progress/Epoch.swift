/// A range of blocks, and the targets that run each of them.
///
/// A target that hangs, crashes or takes all memory repeatedly runs fewer and fewer blocks. Its share depends only on the
/// blocks before the epoch, so it is the same for any number of workers. Workers wait for each other at the end of an epoch;
/// epochs have 1, 1, 2, 4, 8, … blocks, so that this costs little.
struct Epoch: Codable, Hashable, Sendable {
    /// The length of the longest epoch.
    ///
    /// - Units: blocks
    static let longest: UInt64 = 1 << 15

    /// The first block.
    var start: UInt64 = 0
    /// The block after the last.
    var end: UInt64 = 1
    /// The number of blocks that each target runs, by its index; a missing target runs all.
    var shares: [UInt64] = []

    /// The epoch that begins at a block, in which all targets run all blocks.
    static func beginning(at start: UInt64) -> Epoch {
        Epoch(start: start, end: start + min(max(start, 1), longest))
    }

    var count: UInt64 { end - start }

    /// Returns true if a target runs a block; its share is spread evenly, starting with the first block.
    ///
    /// A block before the epoch is counted already, and is run again by a worker that replaces another.
    func runs(_ block: UInt64, _ target: Int) -> Bool {
        guard block >= start, target < shares.count, shares[target] < count else { return true }
        return (block - start) * shares[target] % count < shares[target]
    }

    /// The targets that do not run a block, a bit each.
    func leftOut(of block: UInt64) -> UInt64 {
        shares.indices.reduce(0) { runs(block, $1) ? $0 : $0 | 1 << UInt64($1) }
    }
}
