import Testing

@testable import Campaign

/// Messages of workers, read in pieces.
@Suite struct WorkerMessageTests {
    private static let block = BlockReport(
        block: 12, done: 128, hits: [BucketHit(bucket: "a/b c", index: 3, count: 2)],
        counts: counts)
    private static var counts: CampaignCounts {
        var counts = CampaignCounts([
            TargetCounts(ran: 128), TargetCounts(), TargetCounts(ran: 1, skipped: 2, leftOutBlocks: 7),
        ])
        counts.notRun = 3
        counts.kernel.loads = 4
        counts.kernel.refused = ["two\nlines\tand a tab": 2]
        return counts
    }
    private static let hit = EarlyHit(bucket: "a/crash/x y/none", index: 1_700)
    private static let doubt = Doubt(target: "a", index: 1_701)

    /// Messages do not depend on the borders of the pieces.
    @Test func messagesSurviveARoundTrip() {
        let bytes = Self.hit.line + Array(Self.block.text.utf8) + Self.doubt.line
        for place in bytes.indices {
            var reader = BlockReport.Reader()
            let messages = reader.read(bytes[..<place]) + reader.read(bytes[place...])
            #expect(messages == [.hit(Self.hit), .block(Self.block), .doubt(Self.doubt)])
        }
    }

    /// The death of a worker discards its incomplete block and half a line, but not the early messages.
    @Test func deathDiscardsOnlyTheBlock() {
        let half = Array(Self.block.text.utf8.dropLast(3))
        for count in 0...Self.hit.line.count {
            var reader = BlockReport.Reader()
            let bytes = Self.hit.line + half + BlockReport.void + Self.hit.line.prefix(count) + BlockReport.void
            let messages = reader.read(bytes[...]) + reader.read(Array(Self.block.text.utf8)[...])
            let again: [WorkerMessage] = count >= Self.hit.line.count - 1 ? [.hit(Self.hit)] : []
            #expect(messages == [.hit(Self.hit)] + again + [.block(Self.block)], "\(count) bytes")
        }
    }
}
