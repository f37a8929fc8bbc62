import Fuzzing

/// How often a bucket was seen, and where first.
struct Sighting: Codable, Hashable {
    var bucket: String
    /// The lowest index in the bucket.
    var index: UInt64
    /// How often the bucket was seen.
    var count: UInt64
}
