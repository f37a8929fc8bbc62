/// Limits the messages about new buckets: a line each for the first ones of a target, then a count.
struct BucketAnnouncer {
    /// The number of buckets of a target that are printed on separate lines.
    static let most = 10

    private var counts: [String: Int] = [:]

    /// Counts a new bucket; returns true if it is printed on a separate line.
    mutating func isShown(_ bucket: String) -> Bool {
        let target = String(bucket.prefix { $0 != "/" })
        counts[target, default: 0] += 1
        return counts[target]! <= Self.most
    }

    /// A line for each target with the number of its other buckets.
    var rest: [String] {
        counts.filter { $0.value > Self.most }.sorted { $0.key < $1.key }.map { target, count in
            "and \(CountText.of(count - Self.most, "more bucket")) of \(target)"
        }
    }
}
