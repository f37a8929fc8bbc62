import Fuzzing

/// The difference between two patchers that ran the same cases.
package struct ComparisonReport: Encodable, Sendable {
    /// The two patchers, which name the targets of findings.
    package enum Role: String, CaseIterable, Encodable, Sendable {
        case base, patched

        var other: Role { self == .base ? .patched : .base }
    }

    /// One of the patchers.
    package struct Side: Encodable, Sendable {
        /// The path on the command line.
        package var path: String
        /// The release of a kernel tree, or `nil`.
        package var release: String?
        /// The cases of one processor in a second, with this patcher alone; `nil` if it could not be measured.
        package var casesPerSecond: Double?

        enum CodingKeys: String, CodingKey {
            case path, release
            case casesPerSecond = "cases_per_second"
        }

        package init(path: String, release: String? = nil) {
            self.path = path
            self.release = release
        }

        var name: String { path + (release.map { " (Linux \($0))" } ?? "") }
    }

    package var base: Side
    package var patched: Side
    package var seed: UInt64
    package var cases: UInt64
    /// The run time of the campaign.
    ///
    /// - Units: seconds
    package var seconds: Double
    /// The findings that only the patched side has.
    package var added: [StoredFinding] = []
    /// The findings that only the base has.
    package var removed: [StoredFinding] = []
    /// The findings of both, as the patched side has them.
    package var common: [StoredFinding] = []
    /// The gaps in the testing, and the findings against the harness, a sentence for each.
    package var gaps: [String]

    enum CodingKeys: String, CodingKey {
        case base, patched, seed, cases, seconds, gaps
        case added = "only_patched"
        case removed = "only_base"
        case common = "both"
    }

    /// Separates the findings of a campaign of two plug-ins with the names of ``Role``.
    ///
    /// A bucket of one side may have been missed on the other, so each such case is run again on the other side.
    ///
    /// - Parameter fails: returns true if the case of a finding has a finding of the same kind on a side
    package init(
        _ report: CampaignReport, base: Side, patched: Side, fails: (StoredFinding, Role) -> Bool
    ) {
        self.base = base
        self.patched = patched
        (seed, cases, seconds, gaps) = (report.seed, report.cases, report.seconds, report.gaps)
        let buckets = Set(report.findings.map(\.bucket))
        for finding in report.findings {
            guard let role = Role(rawValue: finding.target) else {
                gaps.append("a finding against \(finding.target), a part of the harness: \(finding.bucket)")
                continue
            }
            let isCommon = buckets.contains(Self.bucket(of: finding, on: role.other)) || fails(finding, role.other)
            switch (role, isCommon) {
            case (.patched, false): added.append(finding)
            case (.base, false): removed.append(finding)
            case (.patched, true): common.append(finding)
            // The same finding of the base is not counted twice.
            case (.base, true):
                if !buckets.contains(Self.bucket(of: finding, on: .patched)) { common.append(finding) }
            }
        }
    }

    /// The bucket of a finding with the name of another side.
    package static func bucket(of finding: StoredFinding, on role: Role) -> String {
        role.rawValue + finding.bucket.dropFirst(finding.target.count)
    }

    /// True if the patched side has a finding that the base does not have, and that is not known.
    package var hasNews: Bool { added.contains { $0.isKnown != true } }

    /// The counts, in one sentence.
    package var summary: String {
        "\(CountText.of(cases, "case")) in \(CountText.grouped(Int(seconds.rounded()))) s: "
            + "\(CountText.of(added.count, "bucket")) only in PATCHED, \(CountText.grouped(removed.count)) only in BASE, "
            + "\(CountText.grouped(common.count)) in both"
    }

    /// The sides with their speeds, a line for each bucket, and the counts.
    package var text: String {
        var text = "BASE     \(base.name)\(speed(base))\nPATCHED  \(patched.name)\(speed(patched))\n"
        if let one = base.casesPerSecond, let other = patched.casesPerSecond, one > 0 {
            let percent = Int((other / one * 100).rounded())
            text += "PATCHED runs at \(percent) % of the rate of BASE\n"
        }
        for (title, findings) in [("only in PATCHED", added), ("only in BASE", removed), ("in both", common)]
        where !findings.isEmpty {
            text += "\(title):\n"
            for finding in findings.sorted(by: { $0.bucket < $1.bucket }) {
                let known = finding.isKnown == true ? "known, " : ""
                text +=
                    OutputWidth.wrap(
                        "  \(finding.bucket): \(finding.sentence); \(known)\(finding.size): \(finding.file)")
                    + "\n"
            }
        }
        return text + summary + "\n"
    }

    private func speed(_ side: Side) -> String {
        side.casesPerSecond.map { ": \(CountText.grouped(Int($0))) cases a second alone" } ?? ""
    }
}
