/// What came of one block of indices: lines on a worker's standard output, of which the last one ends the block.
///
/// A worker that dies before that line has reported nothing of the block but its ``EarlyHit``s, and the block is run again.
struct BlockReport: Hashable {
    /// Counted from 0 within the campaign's ``Shard``.
    var block: UInt64
    /// How many of its cases were done: fewer than it has when the campaign's end cut it short.
    var done: UInt64
    /// What was found, a row a bucket.
    var sightings: [BucketHit] = []
    /// What was counted, by name.
    var counts: [String: UInt64] = [:]

    /// The lines; the end has an end of its own, since a worker may die in the middle of a number.
    var text: String {
        sightings.map { "\($0.index)\t\($0.count)\t\($0.bucket)\n" }.joined()
            + counts.map { "count\t\($0.value)\t\($0.key)\n" }.joined() + "end\t\(block)\t\(done).\n"
    }

    /// A line by which a worker takes back what it has said since the last end, of which the last line may be half.
    static let void = Array("\nvoid\n".utf8)

    /// Puts lines together again.
    struct Reader {
        private var unread: [UInt8] = []
        private var sightings: [BucketHit] = []
        private var counts: [String: UInt64] = [:]

        /// Takes in some bytes and returns the messages that are complete with them.
        ///
        /// - Complexity: O(bytes)
        mutating func read(_ bytes: ArraySlice<UInt8>) -> [WorkerMessage] {
            unread += bytes
            var messages: [WorkerMessage] = []
            var start = 0
            while let end = unread[start...].firstIndex(of: 10) {
                let words = String(decoding: unread[start..<end], as: UTF8.self).split(
                    separator: "\t", maxSplits: 2)
                start = end + 1
                if words.count == 3, words[0] == "end", words[2].last == ".", let block = UInt64(words[1]),
                    let done = UInt64(words[2].dropLast())
                {
                    messages.append(
                        .block(BlockReport(block: block, done: done, sightings: sightings, counts: counts)))
                    (sightings, counts) = ([], [:])
                } else if words.first == "void" {
                    (sightings, counts) = ([], [:])
                } else if let message = WorkerLine.message(words) {
                    messages.append(message)
                } else if words.count == 3, words[0] == "count", let count = UInt64(words[1]) {
                    counts[String(words[2])] = count
                } else if words.count == 3, let index = UInt64(words[0]), let count = UInt64(words[1]) {
                    sightings.append(BucketHit(bucket: String(words[2]), index: index, count: count))
                }
            }
            unread.removeSubrange(..<start)
            return messages
        }
    }
}
