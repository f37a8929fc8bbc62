/// The part of a report that depends on the kind of target.
package enum TargetReport: Encodable, Sendable {
    case patchers(PatcherReport)
    case kernel(KernelReport)

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .patchers(let report): try report.encode(to: encoder)
        case .kernel(let report): try report.encode(to: encoder)
        }
    }

    /// The targets that ran no case; empty if no case was run.
    var neverRun: [String] {
        switch self {
        case .patchers(let report): report.neverRun
        case .kernel(let report): report.neverRun
        }
    }

    /// The kernel's part, or `nil`.
    package var kernel: KernelReport? { if case .kernel(let report) = self { report } else { nil } }

    /// The patchers' part, or `nil`.
    package var patchers: PatcherReport? { if case .patchers(let report) = self { report } else { nil } }
}

/// The counters of a campaign of patchers.
package struct PatcherReport: Encodable, Sendable {
    /// The number of cases in which each patcher ran at least one pass.
    package var ran: [String: UInt64]
    /// The number of cases in which a patcher skipped a pass that it does not support; patchers without one are left out.
    package var skipped: [String: UInt64]
    /// The patchers that ran no case; empty if no case was run.
    var neverRun: [String]
    /// The situations that the passes tested; `nil` if they were not counted.
    package var coverage: CoverageTable?

    private enum CodingKeys: String, CodingKey {
        case ran
        case skipped = "spared"
    }

    /// - Parameter targets: the names of the patchers, by index
    init(_ counts: CampaignCounts, targets: [String], cases: UInt64) {
        let all = targets.indices.map { (name: targets[$0], counts: counts[$0]) }
        ran = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.counts.ran) })
        skipped = Dictionary(
            uniqueKeysWithValues: all.filter { $0.counts.skipped > 0 }.map { ($0.name, $0.counts.skipped) })
        neverRun = cases == 0 ? [] : all.filter { $0.counts.ran == 0 && $0.counts.isCalm }.map(\.name)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(ran, forKey: .ran)
        if !skipped.isEmpty { try container.encode(skipped, forKey: .skipped) }
        try coverage?.encode(to: encoder)
    }
}

/// The deaths of a target, and the cases that it was left out of because of them.
package struct TargetDeaths: Codable, Sendable, Hashable {
    package var target: String
    package var hangs: UInt64
    package var memory: UInt64
    package var crashes: UInt64
    package var leftOut: UInt64

    enum CodingKeys: String, CodingKey {
        case target, hangs, memory, crashes
        case leftOut = "left_out"
    }

    /// A sentence about the cases that the target was left out of; `nil` for none.
    package var text: String? {
        if leftOut == 0 { return nil }
        var reasons: [String] = []
        if hangs > 0 { reasons.append(CountText.of(hangs, "hang")) }
        if memory > 0 { reasons.append("running out of memory \(CountText.of(memory, "time"))") }
        if crashes > 0 { reasons.append(CountText.of(crashes, "crash", plural: "crashes")) }
        return "\(target) was left out of \(CountText.of(Int(leftOut), "case")) after "
            + reasons.joined(separator: ", ")
    }

    /// `nil` for a target without a death.
    init?(_ counts: TargetCounts, target: String) {
        if counts.isCalm && counts.leftOut == 0 { return nil }
        self.target = target
        hangs = counts.hangs
        memory = counts.memory
        crashes = counts.crashes
        leftOut = counts.leftOut
    }
}
