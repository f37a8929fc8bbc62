import KernelModel
import KernelRewrites

/// The counters of a campaign against a kernel.
package struct KernelReport: Encodable, Sendable {
    /// The kernel's release.
    package var release: String
    /// The programs that were loaded.
    package var loads: UInt64
    package var loadsPerSecond: Double
    package var accepted: UInt64
    package var refused: [Refused]
    package var coverage: [Coverage]
    /// The places in programs that were not understood.
    package var notUnderstood: UInt64
    /// The programs that were run; `nil` for none.
    package var executed: UInt64?
    /// The rewrites that the profiles should cause and that never happened; `nil` for merged states.
    package var neverSeen: [String]?
    /// The profiles that this kernel does not support; `nil` for merged states.
    package var leftOut: [LeftOut]?
    /// The kernel's target if it accepted no program and no load ended the process.
    var neverRun: [String]

    private enum CodingKeys: String, CodingKey {
        case loads, accepted, refused, coverage, executed
        case release = "kernel"
        case loadsPerSecond = "loads_per_second"
        case neverSeen = "never_seen"
        case notUnderstood = "not_understood"
        case leftOut = "left_out"
    }

    /// The refusals of programs for one reason.
    package struct Refused: Codable, Sendable, Hashable {
        package var reason: String
        package var count: UInt64
    }

    /// The rewrites that met one kind of jump at one border.
    package struct Coverage: Codable, Sendable, Hashable {
        package var rewrite: String
        package var border: String
        package var jump: String
        package var count: UInt64
    }

    /// A profile that could not be generated, and the features that the kernel lacks for it.
    package struct LeftOut: Codable, Sendable, Hashable {
        package var profile: String
        package var lacks: [String]

        /// The profile and the reason, in words.
        package var text: String {
            let settings = lacks.compactMap { KernelFeature(rawValue: $0)?.setting }
            let others = lacks.filter { KernelFeature(rawValue: $0)?.setting == nil }
            let rest = others.isEmpty ? [] : ["the kernel lacks \(others.joined(separator: ", "))"]
            return "\(profile): " + (settings + rest).joined(separator: "; ")
        }
    }

    /// - Parameter seconds: the run time of the campaign
    init(_ counts: CampaignCounts, release: String, cases: UInt64, seconds: Double) {
        let kernel = counts.kernel
        self.release = release
        loads = kernel.loads
        loadsPerSecond = Double(kernel.loads) / max(seconds, 0.001)
        accepted = kernel.accepted
        notUnderstood = kernel.notUnderstood
        executed = kernel.executed == 0 ? nil : kernel.executed
        refused = kernel.refused.map { Refused(reason: $0.key, count: $0.value) }
            .sorted { ($0.count, $1.reason) > ($1.count, $0.reason) }
        coverage = kernel.coverage.entries.map {
            Coverage(
                rewrite: $0.rewrite.rawValue, border: $0.border.rawValue, jump: $0.course.rawValue, count: $0.count)
        }.sorted { ($0.rewrite, $0.border, $0.jump) < ($1.rewrite, $1.border, $1.jump) }
        neverRun = cases > 0 && accepted == 0 && counts[0].isCalm ? [KernelTarget.targets[0]] : []
    }

    /// The number of reasons of refusals in ``text``.
    private static let mostReasons = 10

    /// The lines and tables of a report.
    package var text: String {
        let perMille = loads == 0 ? 0 : (accepted * 1000 + loads / 2) / loads
        var text =
            "kernel \(release): \(CountText.grouped(loads)) loads, \(CountText.grouped(Int(loadsPerSecond))) a second, "
            + "\(CountText.grouped(accepted)) accepted (\(perMille / 10).\(perMille % 10) %)"
            + (executed.map { ", \(CountText.grouped($0)) run" } ?? "") + "\n"
        for refused in refused.prefix(Self.mostReasons) { text += "  \(refused.count) refused: \(refused.reason)\n" }
        if refused.count > Self.mostReasons {
            let rest = refused.dropFirst(Self.mostReasons)
            text += "  \(rest.reduce(0) { $0 + $1.count }) refused for \(rest.count) other reasons\n"
        }
        text += "\(notUnderstood) places not understood\n"
        text = OutputWidth.wrap(text)
        let table = KernelCoverageTable(coverage).text()
        if !table.isEmpty { text += "\n" + table }
        if let neverSeen, !neverSeen.isEmpty {
            text += OutputWidth.wrap("\nnever seen: \(neverSeen.joined(separator: ", "))\n")
        }
        return text
    }
}
