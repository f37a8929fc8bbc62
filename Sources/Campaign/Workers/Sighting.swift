import Foundation

/// What a worker says of a bucket: a line on its standard output.
struct Sighting: Codable, Hashable {
    var bucket: String
    /// The lowest index in the bucket so far.
    var index: UInt64
    /// How often the bucket was seen since the last line.
    var count: UInt64

    /// The line.
    var text: String { "\(index)\t\(count)\t\(bucket)\n" }

    init(bucket: String, index: UInt64, count: UInt64) {
        self.bucket = bucket
        self.index = index
        self.count = count
    }

    /// Reads a line back; `nil` when it is none.
    init?(line: Substring) {
        let parts = line.split(separator: "\t", maxSplits: 2)
        guard parts.count == 3, let index = UInt64(parts[0]), let count = UInt64(parts[1]) else { return nil }
        self.init(bucket: String(parts[2]), index: index, count: count)
    }
}
