import Foundation
import Plugins

/// The historical faults that were searched for so far.
package struct HistoricalResult: Sendable {
    package var trials: [HistoricalSearch.Trial] = []
    private let release: String
    private let own: [String]
    private let unchangedCases: UInt64

    package init(_ search: HistoricalSearch) {
        (release, own, unchangedCases) = (search.release, search.own, search.unchangedCases)
    }

    /// True if a search did not find its fault.
    package var hasMissed: Bool { trials.contains(where: \.isMissed) }

    /// The result in one line.
    package var summary: String {
        let searched = trials.filter { $0.reason == nil }
        let misfits = trials.count { $0.reason != nil && $0.fault.reason == nil }
        let untested = trials.count - searched.count - misfits
        return "\(searched.count { !$0.isMissed }) of \(CountText.of(searched.count, "fault")) found; "
            + "\(misfits) do not fit Linux \(release); \(untested) are not tested"
    }
}

extension HistoricalSearch {
    /// The findings of the unchanged functions, one line each; a line without findings if there is none.
    package var unchangedLines: [String] {
        let cases = CountText.of(unchangedCases, "case")
        if own.isEmpty { return ["the unchanged functions have no finding in \(cases)"] }
        return own.map { "the unchanged functions have \($0), found in \(cases)" }
    }
}

extension HistoricalSearch.Trial {
    /// The result in a few lines.
    package var text: String {
        let head = OutputWidth.wrap("\(fault.name): \(fault.summary) (\(fault.source))", indent: 2)
        if let reason { return head + "\n" + OutputWidth.wrap("  not tested: \(reason)", indent: 4) }
        let time = "\(CountText.of(cases, "case")), \(String(format: "%.2f s", seconds))"
        let change = place.map { "\n  \(fault.isMended ? "mended" : "planted") in \($0)" } ?? ""
        guard let bucket else { return head + change + "\n  NOT FOUND in \(time)" }
        let found = fault.isMended ? "found without the change, and not with it," : "found"
        return head + change + "\n  \(found) in \(time): \(bucket)"
    }
}

extension HistoricalResult: Encodable {
    private enum CodingKeys: String, CodingKey {
        case release, own, faults
        case unchangedCases = "unchanged_cases"
    }

    private struct Row: Encodable {
        var fault: String
        var summary: String
        var source: String
        var place: String?
        var isMended: Bool
        var isDetected: Bool
        var cases: UInt64
        var seconds: Double
        var bucket: String?
        var reason: String?

        enum CodingKeys: String, CodingKey {
            case fault, summary, source, place, cases, seconds, bucket, reason
            case isMended = "mended"
            case isDetected = "detected"
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(release, forKey: .release)
        try container.encode(own, forKey: .own)
        try container.encode(unchangedCases, forKey: .unchangedCases)
        try container.encode(
            trials.map { trial in
                Row(
                    fault: trial.fault.name, summary: trial.fault.summary, source: trial.fault.source,
                    place: trial.place, isMended: trial.reason == nil && trial.fault.isMended,
                    isDetected: trial.bucket != nil, cases: trial.cases, seconds: trial.seconds, bucket: trial.bucket,
                    reason: trial.reason)
            }, forKey: .faults)
    }
}
