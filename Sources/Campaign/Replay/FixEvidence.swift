import Fuzzing

/// The figures on a fix: how often the bucket of a case was hit in a campaign since, and before.
///
/// Each figure was counted by a campaign. A case that passes alone says little; many cases without its bucket say more.
package struct FixEvidence: Hashable, Sendable {
    /// The cases of a campaign, and those of them that hit a bucket.
    package struct Count: Hashable, Sendable, Encodable {
        package var cases: UInt64
        package var hits: UInt64
        /// True if the bucket was seen, be it in cases that are not counted.
        package var isSeen: Bool

        enum CodingKeys: String, CodingKey {
            case cases
            case hits = "sightings"
            case isSeen = "seen"
        }

        /// The number of cases for one hit; `nil` without hits.
        package var interval: UInt64? { hits == 0 ? nil : max((cases + hits / 2) / hits, 1) }
    }

    /// The file of the case.
    package var file: String
    package var bucket: String
    /// The count since the fix; `nil` if the campaign did not test the target.
    package var since: Count?
    /// The count before the fix; `nil` if it is not known.
    package var before: Count?
    /// The seed and index of the first hit, from the case file.
    package var first: Case.Origin?
    /// The reason why the two counts cannot be compared, or `nil`.
    package var difference: String?

    /// The number of cases, in intervals of a fault, after which its absence is believable.
    ///
    /// - Source: the rule of three: without a hit in 3 intervals, the same rate has a chance of 5 %
    static let intervals: UInt64 = 3

    /// The figures in a few words.
    package var text: String {
        guard let since else {
            return "no figures: the campaign since the fix did not test \(Bucket.target(of: bucket))"
        }
        let cases = CountText.of(since.cases, "case")
        if since.hits > 0 { return "still seen \(Self.times(since.hits)) in \(cases) since the fix" }
        if since.isSeen { return "still seen in \(cases) since the fix" }
        return "not seen in \(cases) since the fix; \(past(since))"
    }

    private func past(_ since: Count) -> String {
        guard let before, before.isSeen else {
            let place = first.map { "first seen at index \($0.index) of seed \($0.seed)" }
            let gap = before == nil ? "its rate is not known without --before" : "not seen in the campaign of --before"
            return "before, " + (place.map { "\($0), and \(gap)" } ?? gap)
        }
        guard let interval = before.interval else {
            return "before, seen only while another case was minimized, or in a block that was not completed"
        }
        let counted = "before, \(Self.times(before.hits)) in \(CountText.of(before.cases, "case"))"
        if let difference { return "\(counted), which is no rate to compare with: \(difference)" }
        let rate = "\(counted), every \(CountText.grouped(interval))"
        let (enough, isTooMany) = interval.multipliedReportingOverflow(by: Self.intervals)
        if isTooMany || since.cases >= enough { return rate }
        return "\(rate): run \(CountText.of(enough, "case")) or more to tell"
    }

    private static func times(_ count: UInt64) -> String { count == 1 ? "once" : "\(CountText.grouped(count)) times" }
}

extension FixEvidence: Encodable {
    private enum CodingKeys: String, CodingKey {
        case file, bucket, since, before, every, difference
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .file)
        try container.encode(bucket, forKey: .bucket)
        try container.encode(since, forKey: .since)
        try container.encode(before, forKey: .before)
        try container.encode(difference == nil ? before?.interval : nil, forKey: .every)
        try container.encode(difference, forKey: .difference)
    }
}
