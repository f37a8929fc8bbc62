import Foundation
import KernelRewrites

/// The counters of a campaign against a kernel.
struct KernelCounts: Codable, Hashable, Sendable {
    /// The programs that were loaded.
    var loads: UInt64 = 0
    /// The programs that the kernel accepted.
    var accepted: UInt64 = 0
    /// The refused programs by reason, with `N` for each number in it.
    var refused: [String: UInt64] = [:]
    /// The places of results that no known rewrite explains.
    var notUnderstood: UInt64 = 0
    /// The results that a second reading explains too, without a broken rule, by the rewrite at which the readings differ.
    var ambiguous: [String: UInt64] = [:]
    /// The findings that were dropped because another reading of the result keeps every rule.
    var droppedCount: UInt64 = 0
    /// The first of them.
    var dropped: [DroppedCase] = []
    /// The programs that were run.
    var executed: UInt64 = 0
    /// The rewrites by border and jump.
    var coverage = RewriteCoverage()
    /// The live calls in accepted programs, by the name of the helper or kernel function.
    var helpers: [String: UInt64] = [:]
    var kernelFunctions: [String: UInt64] = [:]

    static func += (left: inout KernelCounts, right: KernelCounts) {
        left.loads += right.loads
        left.accepted += right.accepted
        left.refused.merge(right.refused, uniquingKeysWith: +)
        left.notUnderstood += right.notUnderstood
        left.ambiguous.merge(right.ambiguous, uniquingKeysWith: +)
        left.droppedCount += right.droppedCount
        left.dropped = Array((left.dropped + right.dropped).prefix(mostDropped))
        left.executed += right.executed
        left.coverage += right.coverage
        left.helpers.merge(right.helpers, uniquingKeysWith: +)
        left.kernelFunctions.merge(right.kernelFunctions, uniquingKeysWith: +)
    }

    /// The most dropped findings that are listed.
    private static let mostDropped = 200

    /// Counts the readings of one checked program.
    mutating func addReadings(of report: RewriteReport, index: UInt64) {
        for rewrite in report.ambiguous { ambiguous[rewrite.rawValue, default: 0] += 1 }
        droppedCount += UInt64(report.dropped.count)
        dropped += report.dropped.prefix(max(Self.mostDropped - dropped.count, 0)).map {
            DroppedCase(index: index, bucket: $0.bucket, difference: $0.difference)
        }
    }

    /// All numbers, for a check of their size.
    var numbers: [UInt64] {
        [loads, accepted, notUnderstood, droppedCount, executed] + refused.values + ambiguous.values
            + coverage.entries.map(\.count) + helpers.values + kernelFunctions.values
    }

    /// One line without tabs: JSON.
    var line: String {
        // Counters and strings can always be encoded.
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

}

extension KernelCounts {
    /// Reads ``line``; `nil` if it is damaged.
    init?(line: some StringProtocol) {
        guard let counts = try? JSONDecoder().decode(KernelCounts.self, from: Data(line.utf8)) else { return nil }
        self = counts
    }
}

/// A finding that was dropped because another reading of the result keeps every rule.
package struct DroppedCase: Codable, Hashable, Sendable {
    package var index: UInt64
    package var bucket: String
    /// The difference of the two readings, in one sentence.
    package var difference: String
}
