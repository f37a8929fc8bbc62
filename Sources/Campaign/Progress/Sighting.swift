import Fuzzing

/// How often a bucket was seen, and where first.
struct Sighting: Codable, Hashable {
    var bucket: String
    /// The lowest index in the bucket.
    var index: UInt64
    /// How often the bucket was seen.
    var count: UInt64
}

extension [String: Sighting] {
    /// Counts one more sighting of a bucket.
    mutating func add(_ bucket: String, at index: UInt64) {
        let known = self[bucket]
        self[bucket] = Sighting(
            bucket: bucket, index: Swift.min(known?.index ?? index, index), count: (known?.count ?? 0) + 1)
    }
}
