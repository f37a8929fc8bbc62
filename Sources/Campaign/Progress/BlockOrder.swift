/// Takes in the reports of blocks as they come and gives them out in order of index.
///
/// So what a campaign knows is always that of one range of blocks without a gap, the same whatever the number of workers
/// and however often it was interrupted, and where it stands is one number.
struct BlockOrder {
    /// The block before which all are done, counted from 0 within the shard.
    private(set) var next: UInt64
    /// Reports from behind a gap.
    private var waiting: [UInt64: BlockReport] = [:]

    /// Starts at a block.
    init(next: UInt64 = 0) { self.next = next }

    /// Takes a report in and gives out those that have no gap before them any more; a block that is known is dropped.
    ///
    /// - Complexity: O(1), amortised
    mutating func add(_ report: BlockReport) -> [BlockReport] {
        if report.block < next { return [] }
        waiting[report.block] = report
        var ready: [BlockReport] = []
        while let report = waiting.removeValue(forKey: next) {
            ready.append(report)
            next += 1
        }
        return ready
    }

    /// Whether a block was taken in.
    func has(_ block: UInt64) -> Bool { block < next || waiting[block] != nil }

    /// Gives out what is behind a gap that nobody will fill.
    mutating func takeRest() -> [BlockReport] {
        defer { waiting = [:] }
        return waiting.values.sorted { $0.block < $1.block }
    }
}
