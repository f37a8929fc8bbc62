/// Some blocks in a row for which it is settled beforehand which targets are given which of them.
///
/// A target that hangs, crashes or takes all memory over and over is given fewer and fewer. What it is given depends on all
/// blocks before the epoch and on nothing else, so that it is the same for any number of workers, which wait for each other
/// at the end of an epoch. Epochs are of 1, 1, 2, 4, 8, … blocks, so that this costs little.
struct Epoch: Codable, Hashable, Sendable {
    /// How long an epoch becomes.
    ///
    /// - Units: blocks
    static let longest: UInt64 = 1 << 15

    /// The first block.
    var start: UInt64 = 0
    /// The block after the last.
    var end: UInt64 = 1
    /// How many blocks each target is given, by its number; a target that is missing is given all.
    var shares: [UInt64] = []

    /// The epoch that begins with a block, in which all targets are given all.
    static func beginning(at start: UInt64) -> Epoch {
        Epoch(start: start, end: start + min(max(start, 1), longest))
    }

    var count: UInt64 { end - start }

    /// Whether a target is given a block; its share is spread evenly, from the first block on.
    ///
    /// A block before the epoch is one that is counted already, and run again by a worker that replaces another.
    func isGiven(_ block: UInt64, to target: Int) -> Bool {
        guard block >= start, target < shares.count, shares[target] < count else { return true }
        return (block - start) * shares[target] % count < shares[target]
    }

    /// The targets that are not given a block, a bit each.
    func leftOut(of block: UInt64) -> UInt64 {
        shares.indices.reduce(0) { isGiven(block, to: $1) ? $0 : $0 | 1 << UInt64($1) }
    }
}
