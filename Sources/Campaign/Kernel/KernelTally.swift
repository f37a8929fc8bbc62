import KernelRewrites

/// What is counted in a campaign against the running kernel.
struct KernelTally {
    /// How many programs were handed to the kernel.
    var loads: UInt64 = 0
    var accepted: UInt64 = 0
    /// The reasons of those that were not, with `N` for each number.
    var refused: [String: UInt64] = [:]
    /// How many places were not understood.
    var gaps: UInt64 = 0
    /// How many programs were run.
    var executed: UInt64 = 0
    var coverage = RewriteCoverage()

    // MARK: Counts by name, as workers report and checkpoints keep them

    private static let refusedPrefix = "refused "
    private static let coveragePrefix = "coverage "

    /// All counts by name; those of 0 are left out.
    var counts: [String: UInt64] {
        var counts = ["loads": loads, "accepted": accepted, "gaps": gaps, "executed": executed]
        for (reason, count) in refused {
            // A line of a report has no other lines or columns in it.
            let line = String(reason.map { $0.isNewline || $0 == "\t" ? " " : $0 })
            counts[Self.refusedPrefix + line, default: 0] += count
        }
        for entry in coverage.entries {
            let words = [entry.rewrite.rawValue, entry.border.rawValue, entry.course.rawValue]
            counts[Self.coveragePrefix + words.joined(separator: " ")] = entry.count
        }
        return counts.filter { $0.value > 0 }
    }

    /// Puts counts into a report.
    static func describe(_ counts: [String: UInt64], in report: inout CampaignReport) {
        report.loads = counts["loads"] ?? 0
        report.accepted = counts["accepted"] ?? 0
        report.loadsPerSecond = Double(report.loads ?? 0) / max(report.seconds, 0.001)
        report.notUnderstood = counts["gaps"] ?? 0
        report.executed = counts["executed"]
        var refused: [CampaignReport.Refused] = []
        var coverage: [CampaignReport.Coverage] = []
        for (name, count) in counts {
            if name.hasPrefix(refusedPrefix) {
                refused.append(.init(reason: String(name.dropFirst(refusedPrefix.count)), count: count))
            } else if name.hasPrefix(coveragePrefix) {
                let words = name.dropFirst(coveragePrefix.count).split(separator: " ").map(String.init)
                if words.count != 3 { continue }
                coverage.append(.init(rewrite: words[0], border: words[1], jump: words[2], count: count))
            }
        }
        report.refused = refused.sorted { ($0.count, $1.reason) > ($1.count, $0.reason) }
        report.coverage = coverage.sorted { ($0.rewrite, $0.border, $0.jump) < ($1.rewrite, $1.border, $1.jump) }
    }
}
