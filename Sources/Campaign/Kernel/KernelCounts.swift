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
    /// The programs that were run.
    var executed: UInt64 = 0
    /// The rewrites by border and jump.
    var coverage = RewriteCoverage()

    static func += (left: inout KernelCounts, right: KernelCounts) {
        left.loads += right.loads
        left.accepted += right.accepted
        left.refused.merge(right.refused, uniquingKeysWith: +)
        left.notUnderstood += right.notUnderstood
        left.executed += right.executed
        left.coverage += right.coverage
    }

    /// All numbers, for a check of their size.
    var numbers: [UInt64] {
        [loads, accepted, notUnderstood, executed] + refused.values + coverage.entries.map(\.count)
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
