import Fuzzing

/// The result of an exhaustive campaign, with the numbers to compare it with another run.
package struct ExhaustiveResult: Encodable, Sendable {
    /// A patcher that ran the cases.
    struct Patcher: Encodable, Sendable {
        var name: String
        /// The content hash of a plug-in, or the version of this program.
        var identity: String
        /// The number of cases that it ran.
        var ran: UInt64
    }

    /// The bounds, and the number of cases within them.
    struct Bounds: Encodable, Sendable {
        var slots: Int
        var edits: Int
        var cases: UInt64
    }

    var bounds: Bounds
    /// True if every case within the bounds was run, by every patcher that supports it.
    package var isComplete: Bool
    /// The digest of all results: the sum of ``digests``.
    package var digest: String
    /// The digests of the 64 shards, of which each can be run alone.
    package var digests: [String]
    var patchers: [Patcher]

    enum CodingKeys: String, CodingKey {
        case bounds, digest, digests, patchers
        case isComplete = "complete"
    }
}

extension ExhaustiveResult {
    /// Describes the result of some cases.
    ///
    /// - Parameters:
    ///   - cases: the number of cases that were run
    ///   - all: all cases within the bounds
    ///   - isWhole: true if no patcher was left out of a case
    ///   - contents: the content hash of each plug-in by path
    init(
        _ bounds: ExhaustiveBounds, _ target: PatcherTarget, _ counts: CampaignCounts, cases: UInt64, all: SmallCases,
        isWhole: Bool, contents: [String: String]
    ) {
        self.bounds = Bounds(slots: bounds.slots, edits: bounds.edits, cases: all.count)
        isComplete = isWhole && cases == all.count
        digest = CampaignCounts.hexadecimal(counts.digests.reduce(0, &+))
        digests = counts.digests.map(CampaignCounts.hexadecimal)
        patchers = target.patchers.enumerated().map { number, patcher in
            let content = patcher.plugin.map { contents[$0.path] ?? "unknown content" }
            return Patcher(
                name: patcher.name, identity: content ?? "bpf-patch-fuzz \(Version.text)", ran: counts[number].ran)
        }
    }

    /// The words for patchers without a finding.
    package static let rightWords = "as the rules say in every case"

    /// The statement at the end of a campaign, in lines.
    ///
    /// - Parameters:
    ///   - cases: the number of cases that were run
    ///   - wrong: the names of patchers with a finding
    package func text(cases: UInt64, wrong: Set<String>) -> [String] {
        let words = ExhaustiveBounds(slots: bounds.slots, edits: bounds.edits).text
        var lines = [
            isComplete
                ? "every case \(words) was run: \(CountText.of(cases, "case"))"
                : "\(CountText.grouped(cases)) of the \(CountText.of(bounds.cases, "case")) \(words) were run"
        ]
        let right = Dictionary(grouping: patchers.filter { !wrong.contains($0.name) }, by: \.ran)
        for (ran, patchers) in right.sorted(by: { $0.key > $1.key }) where ran > 0 {
            let names = patchers.map(\.name).joined(separator: ", ")
            lines.append(
                ran == cases
                    ? "\(Self.rightWords): \(names)"
                    : "\(Self.rightWords) of the \(CountText.grouped(ran)) that \(names) ran")
        }
        let identities = Dictionary(grouping: patchers, by: \.identity).sorted { $0.key < $1.key }
        for (identity, patchers) in identities {
            lines.append("\(patchers.map(\.name).joined(separator: ", ")): \(identity)")
        }
        lines.append(
            "digest of the results \(digest), the same on every machine; --json has one for each --shard I/\(digests.count)"
        )
        return lines
    }
}

extension CampaignReport {
    /// Adds the result of an exhaustive campaign, and the findings whose case is proven smallest.
    ///
    /// - Parameters:
    ///   - isWhole: true if the campaign has all shards
    ///   - contents: the content hash of each plug-in by path
    mutating func addExhaustive(_ counts: CampaignCounts, isWhole: Bool, contents: [String: String]) {
        guard let target = target.patchers, let bounds = target.exhaustive else { return }
        let all = bounds.cases
        let lost = Set((deaths ?? []).filter { $0.leftOut > 0 }.map(\.target))
        exhaustive = ExhaustiveResult(
            bounds, target, counts, cases: cases, all: all, isWhole: lost.isEmpty, contents: contents)
        guard isWhole else { return }
        for place in findings.indices where !lost.contains(findings[place].target) {
            findings[place].smallerCases = findings[place].provenBy(all)
        }
    }
}

extension StoredFinding {
    /// The number of smaller cases, none of which is in the bucket; `nil` if that is not proven.
    ///
    /// Blocks are counted in order, so every case before the first hit was run. The minimized case must be as large as
    /// the first hit: a smaller one is outside of the enumerated cases.
    fileprivate func provenBy(_ all: SmallCases) -> UInt64? {
        if passes != 1 || hits == 0 || isCounted == false || isMinimized == false || index >= all.count { return nil }
        let slots = insns + patchInsns
        if all.size(of: index) != (edits, slots, insns) { return nil }
        return all.casesBefore(edits: edits, slots: slots, programSlots: insns)
    }
}
