/// What a worker tells its campaign.
enum WorkerMessage: Hashable {
    /// A block is done.
    case block(BlockReport)
    /// A bucket was hit for the first time by this worker; its block is not done yet.
    case hit(EarlyHit)
    /// A target gave no answer in time once, which may be the fault of a busy machine; it is tried again.
    case doubt(Doubt)
}

/// The first hit of a bucket, told at once: the block that it belongs to may never be counted.
///
/// - Shape: a line `seen`, index, bucket and a mark of its end
struct EarlyHit: Codable, Hashable, Sendable {
    var bucket: String
    /// The lowest index at which it was seen so far.
    var index: UInt64

    var line: [UInt8] { Array("seen\t\(index)\t\(bucket)\(WorkerLine.end)\n".utf8) }
}

/// A case that was not answered in time once, or not yet when the campaign ended.
///
/// - Shape: a line `late`, index, target and a mark of its end
struct Doubt: Codable, Hashable, Sendable {
    var target: String
    var index: UInt64

    var line: [UInt8] { Array("late\t\(index)\t\(target)\(WorkerLine.end)\n".utf8) }
}

/// The lines of a worker's standard output.
enum WorkerLine {
    /// What a line that is taken in by itself ends with, since a worker may die in the middle of a word.
    static let end = "\t."

    /// The message of a line that is complete in itself, or `nil`.
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
