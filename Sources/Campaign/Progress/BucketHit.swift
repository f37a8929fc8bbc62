import Fuzzing

/// The number of hits of a bucket, and the first.
struct BucketHit: Codable, Hashable {
    var bucket: String
    /// The lowest index in the bucket.
    var index: UInt64
    /// The number of hits.
    var count: UInt64

    /// Counts one hit and returns true if it is the first.
    fileprivate mutating func note(at index: UInt64) -> Bool {
        self.index = min(self.index, index)
        count += 1
        return count == 1
    }
}

extension [String: BucketHit] {
    /// Counts one hit of a bucket and returns true if it is the first.
    @discardableResult
    mutating func add(_ bucket: String, at index: UInt64) -> Bool {
        self[bucket, default: BucketHit(bucket: bucket, index: index, count: 0)].note(at: index)
    }
}

/// The lowest index of a seed at which a bucket was hit.
package struct FirstHit: Codable, Sendable, Hashable {
    package var seed: UInt64
    package var index: UInt64
}
