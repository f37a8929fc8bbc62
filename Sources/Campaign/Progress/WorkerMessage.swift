/// A message of a worker to its campaign.
enum WorkerMessage: Hashable {
    /// A block is done.
    case block(BlockReport)
    /// This worker hit a bucket for the first time; the block is not done yet.
    case hit(EarlyHit)
    /// A target timed out once, which a busy machine can cause; the case is run again.
    case doubt(Doubt)
}

/// The first hit of a bucket, reported at once: its block may never be counted.
///
/// - Shape: a line `seen`, index, bucket and a mark of its end
struct EarlyHit: Codable, Hashable, Sendable {
    var bucket: String
    /// The lowest index of the bucket so far.
    var index: UInt64

    var line: [UInt8] { Array("seen\t\(index)\t\(bucket)\(WorkerLine.end)\n".utf8) }
}

/// A case that timed out once, or was not finished when the campaign ended.
///
/// - Shape: a line `late`, index, target and a mark of its end
struct Doubt: Codable, Hashable, Sendable {
    var target: String
    var index: UInt64

    var line: [UInt8] { Array("late\t\(index)\t\(target)\(WorkerLine.end)\n".utf8) }
}

/// The lines that are complete in themselves.
private enum WorkerLine {
    /// The end of such a line, since a worker may die in the middle of a word.
    static let end = "\t."

    /// The message of such a line, or `nil`.
    static func message(_ words: [Substring]) -> WorkerMessage? {
        guard words.count == 3, words[2].hasSuffix(end), let index = UInt64(words[1]) else { return nil }
        let text = String(words[2].dropLast(end.count))
        switch words[0] {
        case "seen": return .hit(EarlyHit(bucket: text, index: index))
        case "late": return .doubt(Doubt(target: text, index: index))
        default: return nil
        }
    }
}

/// The result of one block of indices.
///
/// - Shape: lines on a worker's standard output, of which the last one ends the block
///
/// A worker that dies before that line has reported nothing of the block but its ``EarlyHit``s, and the block is run again.
struct BlockReport: Hashable {
    /// Counted from 0 within the campaign's ``Shard``.
    var block: UInt64
    /// The number of its cases that were run: fewer than it has if the campaign's end cut it short.
    var done: UInt64
    /// The hits, one for each bucket.
    var hits: [BucketHit] = []
    var counts = CampaignCounts()

    /// The lines; the last one ends with a point, since a worker may die in the middle of a number.
    var text: String {
        hits.map { "\($0.index)\t\($0.count)\t\($0.bucket)\n" }.joined() + counts.text
            + "end\t\(block)\t\(done).\n"
    }

    /// The line by which a worker takes back its lines since the last end; it follows a line that may be cut off.
    static let void = Array("\nvoid\n".utf8)

    /// Puts lines together again.
    struct Reader {
        private var unread: [UInt8] = []
        private var hits: [BucketHit] = []
        private var counts = CampaignCounts()

        /// Reads some bytes and returns the messages that they complete.
        ///
        /// - Complexity: O(bytes)
        mutating func read(_ bytes: ArraySlice<UInt8>) -> [WorkerMessage] {
            unread += bytes
            var messages: [WorkerMessage] = []
            var start = 0
            while let end = unread[start...].firstIndex(of: 10) {
                let words = String(decoding: unread[start..<end], as: UTF8.self).split(
                    separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
                start = end + 1
                if words.count == 3, words[0] == "end", words[2].last == ".", let block = UInt64(words[1]),
                    let done = UInt64(words[2].dropLast())
                {
                    messages.append(.block(BlockReport(block: block, done: done, hits: hits, counts: counts)))
                    (hits, counts) = ([], CampaignCounts())
                } else if words.first == "void" {
                    (hits, counts) = ([], CampaignCounts())
                } else if let message = WorkerLine.message(words) {
                    messages.append(message)
                } else if counts.read(words) {
                    continue
                } else if words.count == 3, let index = UInt64(words[0]), let count = UInt64(words[1]) {
                    hits.append(BucketHit(bucket: String(words[2]), index: index, count: count))
                }
            }
            unread.removeSubrange(..<start)
            return messages
        }
    }
}
