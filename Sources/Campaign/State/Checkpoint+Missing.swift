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

    /// The parts that did not get to their limit, or to that of another shard of their campaign, each in words.
    ///
    /// - Complexity: O(parts)
    var unfinishedParts: [String] {
        let campaigns = Dictionary(grouping: parts, by: \.campaign)
        let limits = campaigns.mapValues { $0.compactMap(\.limit).max() }
        return parts.compactMap { part in
            let limit = limits[part.campaign] ?? nil
            if part.isFinished && (part.limit == nil || part.limit == limit) { return nil }
            let name = part.shard == .whole ? "the campaign" : "shard \(part.shard)"
            let rest = campaigns.count == 1 ? "" : " of seed \(part.seed)"
            let whole = limit.map { " of \(CountText.grouped(part.shard.count(below: $0)))" } ?? ""
            return "\(name)\(rest) is not finished: \(CountText.grouped(part.cases))\(whole) cases were run"
        }
    }
}

extension Checkpoint.Part {
    /// The limit of cases, of all shards together; `nil` for none.
    var limit: UInt64? {
        zip(arguments, arguments.dropFirst()).first { $0.0 == "--cases" }.flatMap { UInt64($0.1) }
    }
}
