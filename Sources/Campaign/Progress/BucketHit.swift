import Fuzzing

/// How often a bucket was seen, and where first.
struct BucketHit: Codable, Hashable {
    var bucket: String
    /// The lowest index in the bucket.
    var index: UInt64
    /// How often the bucket was seen.
    var count: UInt64

    /// Counts one more and returns true if it is the first.
    fileprivate mutating func note(at index: UInt64) -> Bool {
        self.index = min(self.index, index)
        count += 1
        return count == 1
    }
}

extension [String: BucketHit] {
    /// Counts one more sighting of a bucket and returns true if it is the first.
    @discardableResult
    mutating func add(_ bucket: String, at index: UInt64) -> Bool {
        self[bucket, default: BucketHit(bucket: bucket, index: index, count: 0)].note(at: index)
    }
}
