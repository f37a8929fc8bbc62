extension Checkpoint {
    /// How many missing shards of a campaign are named one by one.
    private static let mostNamed = 10

    /// The shards that no part is of, though others of their campaigns are there, as in `shard 3/3`.
    ///
    /// - Complexity: O(parts)
    var missingShards: [String] {
        var order: [Part.Identity] = []
        var campaigns: [Part.Identity: [Part]] = [:]
        for part in parts {
            if campaigns[part.identity] == nil { order.append(part.identity) }
            campaigns[part.identity, default: []].append(part)
        }
        return order.flatMap { campaign in
            let found = campaigns[campaign] ?? []
            let count = found[0].configuration.cases.shard.count
            let rest = order.count == 1 ? "" : " of seed \(found[0].configuration.cases.seed)"
            let numbers = Set(found.map(\.configuration.cases.shard.number))
            let missing = count - UInt64(numbers.count)
            if missing > UInt64(Self.mostNamed) { return ["\(missing) shards of \(count)\(rest)"] }
            return (1...count).filter { !numbers.contains($0) }.map { "shard \($0)/\(count)\(rest)" }
        }
    }

    /// The parts that did not get to their limit, or to that of another shard of their campaign, each in words.
    ///
    /// A shard that had only a time is compared with the number of cases of the others.
    ///
    /// - Complexity: O(parts)
    var unfinishedParts: [String] {
        let campaigns = Dictionary(grouping: parts, by: \.identity)
        let limits = campaigns.mapValues { $0.compactMap(\.configuration.cases.limit).max() }
        return parts.compactMap { part in
            let cases = part.configuration.cases
            let limit = limits[part.identity] ?? nil
            let isFull = limit.map { part.cases >= cases.shard.count(below: $0) } ?? true
            if part.isFinished && (cases.limit == limit || isFull) { return nil }
            let name = cases.shard == .whole ? "the campaign" : "shard \(cases.shard)"
            let rest = campaigns.count == 1 ? "" : " of seed \(cases.seed)"
            let whole = limit.map { " of \(CountText.grouped(cases.shard.count(below: $0)))" } ?? ""
            return "\(name)\(rest) is not finished: \(CountText.grouped(part.cases))\(whole) cases were run"
        }
    }
}
