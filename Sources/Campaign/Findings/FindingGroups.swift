import Fuzzing

/// Findings that probably have one cause, so that one of them needs to be examined.
package struct FindingGroup: Codable, Sendable, Hashable {
    /// The fault of the smallest case, in one sentence without numbers.
    package var sentence: String
    package var target: String
    /// The bucket of the smallest case.
    package var bucket: String
    /// The file of the smallest case.
    package var file: String
    /// The size of the smallest case, in words.
    package var size: String
    /// All buckets, the smallest case's first and the others by name.
    package var buckets: [String]
    /// The sum of the hits of all buckets.
    package var hits: UInt64
    /// The words of the command that shows the smallest case.
    package var show: [String]
    /// True if all buckets are in the list of known buckets; `nil` without a list.
    package var isKnown: Bool?

    enum CodingKeys: String, CodingKey {
        case sentence, target, bucket, file, size, buckets, show
        case hits = "sightings"
        case isKnown = "known"
    }
}

/// Groups findings by their probable cause.
///
/// Two findings are in one group if the case of one slides into the bucket of the other (see ``Fuzzing/CaseSlide``),
/// directly or through others. Findings that cannot slide are grouped by target, rule and kind of instruction.
///
/// A finding that could slide but has not joins the group of those with the same direction that have slid. If there is
/// no such group, or more than one, it is grouped like a finding that cannot slide.
package enum FindingGroups {
    /// Groups findings.
    ///
    /// - Parameters:
    ///   - plugins: the plug-ins of the campaign
    ///   - host: the program whose command shows a case
    /// - Returns: the groups, sorted by the size of their smallest case
    /// - Complexity: O(findings log findings)
    package static func make(
        _ findings: [StoredFinding], plugins: [PluginFile] = [], host: (any HostProgram)? = nil
    ) -> [FindingGroup] {
        var sets = DisjointSets()
        for finding in findings {
            for other in finding.leadsTo ?? [] { sets.join(finding.bucket, other) }
        }
        let ends = Dictionary(grouping: findings.filter(\.hasSlid), by: \.direction).mapValues { found in
            Set(found.map { sets.root(of: $0.bucket) })
        }
        for finding in findings where !finding.hasSlid {
            let ends = finding.canSlide ? ends[finding.direction] ?? [] : []
            sets.join(finding.bucket, ends.count == 1 ? ends.first ?? "" : key(of: finding))
        }
        let parts = Dictionary(grouping: findings) { sets.root(of: $0.bucket) }
        let groups = parts.values.map { (smallest: smallest($0), group: group($0, plugins, host)) }
        return groups.sorted { isSmaller($0.smallest, $1.smallest) }.map(\.group)
    }

    /// The key of findings that are grouped without sliding. It begins with a slash, so it is not a bucket.
    private static func key(of finding: StoredFinding) -> String {
        guard let bucket = Bucket(finding.bucket) else { return "/" + finding.bucket }
        let words = ["", bucket.target, bucket.rule.rawValue, bucket.isBeyondContract ? Bucket.beyondContract : ""]
        switch bucket.rule {
        case .error where bucket.target == Finding.kernelTarget: return "/" + finding.bucket
        case .kernelLog: return "/" + finding.bucket
        case .crash, .hang, .memory, .error, .subprogram, .line, .encoding:
            return (words + [bucket.insn]).joined(separator: "/")
        case .layout, .notUnderstood, .aux, .wrongLanding:
            return (words + [bucket.insnFamily]).joined(separator: "/")
        default: return words.joined(separator: "/")
        }
    }

    /// The words of the command that shows a case, quoted for a shell.
    private static func show(
        _ finding: StoredFinding, _ plugins: [PluginFile], _ host: (any HostProgram)?
    ) -> [String] {
        let isForeign = finding.target != Finding.kernelTarget && PatcherChoice(name: finding.target) == nil
        return host?.command(showing: finding.file, plugins: isForeign ? plugins : []).map(ShellText.word) ?? []
    }

    /// Returns true if the case of a finding is smaller; the bucket's name decides between equal sizes.
    private static func isSmaller(_ one: StoredFinding, _ other: StoredFinding) -> Bool {
        one.caseSize == other.caseSize
            ? one.bucket < other.bucket : one.caseSize.lexicographicallyPrecedes(other.caseSize)
    }

    /// The finding with the smallest case.
    private static func smallest(_ findings: [StoredFinding]) -> StoredFinding {
        findings.dropFirst().reduce(findings[0]) { isSmaller($1, $0) ? $1 : $0 }
    }

    private static func group(
        _ findings: [StoredFinding], _ plugins: [PluginFile], _ host: (any HostProgram)?
    ) -> FindingGroup {
        let sorted = findings.sorted { $0.bucket < $1.bucket }
        let smallest = smallest(findings)
        let isKnown = sorted.allSatisfy { $0.isKnown == nil } ? nil : sorted.allSatisfy { $0.isKnown == true }
        return FindingGroup(
            sentence: smallest.sentence, target: smallest.target, bucket: smallest.bucket, file: smallest.file,
            size: smallest.size,
            buckets: [smallest.bucket] + sorted.map(\.bucket).filter { $0 != smallest.bucket },
            hits: sorted.reduce(0) { $0 + $1.hits }, show: show(smallest, plugins, host), isKnown: isKnown)
    }
}

extension StoredFinding {
    fileprivate var canSlide: Bool { Bucket(bucket)?.canSlide == true }

    /// True if its case has slid.
    fileprivate var hasSlid: Bool { leadsTo != nil && canSlide }

    /// The key by which a finding that has not slid joins those that have.
    fileprivate var direction: [String] {
        guard let bucket = Bucket(bucket) else { return [] }
        return [bucket.target, bucket.rule.rawValue, bucket.insnDirection, String(bucket.isBeyondContract)]
    }
}

/// Disjoint sets of names (union-find).
private struct DisjointSets {
    private var parents: [String: String] = [:]

    /// The representative of the set of a name.
    mutating func root(of name: String) -> String {
        var root = name
        while let parent = parents[root] { root = parent }
        if root != name { parents[name] = root }
        return root
    }

    mutating func join(_ one: String, _ other: String) {
        let (first, second) = (root(of: one), root(of: other))
        if first != second { parents[max(first, second)] = min(first, second) }
    }
}
