/// Says which new buckets are told of line by line: the first few of each target, and then their number.
struct BucketAnnouncer {
    /// How many buckets of a target have a line each.
    static let most = 10

    private var counts: [String: Int] = [:]

    /// Takes note of a new bucket; returns true if it has a line of its own.
    mutating func isShown(_ bucket: String) -> Bool {
        let target = String(bucket.prefix { $0 != "/" })
        counts[target, default: 0] += 1
        return counts[target]! <= Self.most
    }

    /// What there is to say of the others, a line each target.
    var rest: [String] {
        counts.filter { $0.value > Self.most }.sorted { $0.key < $1.key }.map { target, count in
            "and \(CountText.of(count - Self.most, "more bucket")) of \(target)"
        }
    }
}
