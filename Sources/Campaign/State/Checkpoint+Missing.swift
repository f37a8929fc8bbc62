extension Checkpoint {
    /// How many missing shards of a campaign are named one by one.
    private static let mostNamed = 10

    /// The shards that no part is of, though others of their campaigns are there, as in `shard 3/3`.
    ///
    /// - Complexity: O(parts)
    var missingShards: [String] {
        var order: [[String]] = []
        var campaigns: [[String]: [Part]] = [:]
        for part in parts {
            if campaigns[part.campaign] == nil { order.append(part.campaign) }
            campaigns[part.campaign, default: []].append(part)
        }
        return order.flatMap { campaign in
            let found = campaigns[campaign] ?? []
            let count = found[0].shard.count
            let rest = order.count == 1 ? "" : " of seed \(found[0].seed)"
            let numbers = Set(found.map(\.shard.number))
            let missing = count - UInt64(numbers.count)
            if missing > UInt64(Self.mostNamed) { return ["\(missing) shards of \(count)\(rest)"] }
            return (1...count).filter { !numbers.contains($0) }.map { "shard \($0)/\(count)\(rest)" }
        }
    }
}
