/// Puts the reports of blocks into the order of their indices.
///
/// A campaign then always knows one range of blocks without a gap, for any number of workers and interruptions. Its position
/// is one number.
struct BlockOrder {
    /// The first block that is not done, counted from 0 within the shard.
    private(set) var next: UInt64
    /// Reports that follow a gap.
    private var waiting: [UInt64: BlockReport] = [:]

    /// Starts at a block.
    init(next: UInt64 = 0) { self.next = next }

    /// Adds a report and returns the reports that no longer follow a gap; a known block is dropped.
    ///
    /// - Complexity: O(1) amortized
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

    /// Returns true if a block was added.
    func has(_ block: UInt64) -> Bool { block < next || waiting[block] != nil }

    /// Removes and returns the reports after a gap that will stay.
    mutating func takeRest() -> [BlockReport] {
        defer { waiting = [:] }
        return waiting.values.sorted { $0.block < $1.block }
    }
}
