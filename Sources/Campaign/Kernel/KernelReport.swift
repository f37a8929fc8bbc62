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
    /// The results with a second right reading, by the rewrite at which the readings differ.
    package var ambiguous: [String: UInt64]
    /// The findings that were dropped because another reading of the result keeps every rule, and the first of them.
    package var dropped: UInt64
    package var droppedCases: [DroppedCase]
    /// The programs that were run; `nil` for none.
    package var executed: UInt64?
    /// The rewrites that the profiles should cause and that never happened; `nil` for merged states.
    package var neverSeen: [String]?
    /// The profiles that this kernel does not support; `nil` for merged states.
    package var leftOut: [LeftOut]?
    /// The features of the kernel's release that it does not show; `nil` for merged states.
    package var missingFeatures: [MissingFeature]?
    /// The live calls in accepted programs, by the name of the helper or kernel function, the most frequent first.
    package var helpers: [Calls]
    package var kernelFunctions: [Calls]
    /// The kernel's target if it accepted no program and no load ended the process.
    var neverRun: [String]

    private enum CodingKeys: String, CodingKey {
        case loads, accepted, refused, coverage, executed, ambiguous, dropped, helpers
        case droppedCases = "dropped_cases"
        case missingFeatures = "missing_features"
        case kernelFunctions = "kernel_functions"
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

        /// True if only programs beyond the range of 16-bit jumps are refused for the reason.
        fileprivate var isPredicted: Bool { reason.hasSuffix(RefusalVerdict.rangeWords) }
    }

    /// The rewrites that met one kind of jump at one border.
    package struct Coverage: Codable, Sendable, Hashable {
        package var rewrite: String
        package var border: String
        package var jump: String
        package var count: UInt64
    }

    /// The calls of one helper or kernel function.
    package struct Calls: Codable, Sendable, Hashable {
        package var name: String
        package var count: UInt64

        /// The counts of a table, the most frequent first.
        static func list(_ counts: [String: UInt64]) -> [Calls] {
            counts.map { Calls(name: $0.key, count: $0.value) }.sorted { ($0.count, $1.name) > ($1.count, $0.name) }
        }
    }

    /// A feature that the kernel's release has and its probe does not show.
    package struct MissingFeature: Codable, Sendable, Hashable {
        package var feature: String
        /// The profiles that need or use it.
        package var profiles: [String]
        /// The first release with the feature.
        package var since: String
        /// The kernel's release.
        package var release: String
        /// The name of the error of the probe; `nil` if the probe was loaded.
        package var error: String?
        /// The line of the verifier's log, or another reason.
        package var line: String

        /// The sentence for the user.
        package var text: String {
            "Linux \(release) does not show \(feature), which Linux has since \(since), so "
                + profiles.joined(separator: ", ") + (profiles.count == 1 ? " is" : " are")
                + " left out or incomplete: the probe "
                + (error.map { "is refused with \($0)" } ?? "is loaded") + (line.isEmpty ? "" : ": \(line)")
        }
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
        ambiguous = kernel.ambiguous
        dropped = kernel.droppedCount
        droppedCases = kernel.dropped
        executed = kernel.executed == 0 ? nil : kernel.executed
        refused = kernel.refused.map { Refused(reason: $0.key, count: $0.value) }
            .sorted { ($0.count, $1.reason) > ($1.count, $0.reason) }
        helpers = Calls.list(kernel.helpers)
        kernelFunctions = Calls.list(kernel.kernelFunctions)
        coverage = kernel.coverage.entries.map {
            Coverage(
                rewrite: $0.rewrite.rawValue, border: $0.border.rawValue, jump: $0.course.rawValue, count: $0.count)
        }.sorted { ($0.rewrite, $0.border, $0.jump) < ($1.rewrite, $1.border, $1.jump) }
        neverRun = cases > 0 && accepted == 0 && counts[0].isCalm ? [KernelTarget.targets[0]] : []
    }

    /// The number of reasons of refusals in ``text``.
    private static let mostReasons = 10

    /// The largest share of programs that may be refused without a finding, and the number below which it says nothing.
    ///
    /// Kernels without a known fault refuse up to 0.4 % of the programs.
    static let refusedShare = 0.02
    static let fewRefused: UInt64 = 20

    /// The gaps in the testing of a clean campaign, a sentence for each.
    var gaps: [String] {
        var gaps = (missingFeatures ?? []).map(\.text)
        let count = refused.filter { !$0.isPredicted }.reduce(0) { $0 + $1.count }
        if count >= Self.fewRefused && Double(count) > Self.refusedShare * Double(loads) {
            gaps.append(
                "the kernel refused \(CountText.grouped(count)) of \(CountText.of(loads, "valid program")), "
                    + "more than \(Int(Self.refusedShare * 100)) %; the reasons are above")
        }
        return gaps
    }

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
        if !ambiguous.isEmpty {
            let list = ambiguous.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            text += "results with a second right reading, by rewrite: \(list)\n"
        }
        if dropped > 0 {
            text +=
                "\(CountText.of(dropped, "finding")) dropped, since another reading keeps every rule; list with --explain-dropped\n"
        }
        text = OutputWidth.wrap(text)
        let table = KernelCoverageTable(coverage).text()
        if !table.isEmpty { text += "\n" + table }
        for (title, calls) in [("helper", helpers), ("kernel function", kernelFunctions)] where !calls.isEmpty {
            text +=
                "\n"
                + PlainTable.text(calls) { row in
                    [
                        Column(title: title, value: row.name),
                        Column(title: "calls", value: CountText.grouped(row.count), align: .right),
                    ]
                }
        }
        if let neverSeen, !neverSeen.isEmpty {
            text += OutputWidth.wrap("\nnever seen: \(neverSeen.joined(separator: ", "))\n")
        }
        return text
    }

    /// A line for each dropped finding: its case, its bucket and the difference of the two readings.
    package var droppedText: String {
        droppedCases.map { "dropped: case \($0.index), \($0.bucket): \($0.difference)\n" }.joined()
    }
}
