import Fuzzing
import KernelRewrites

/// The states of campaigns before and after a fix.
package struct FixCampaigns: Sendable {
    private var since: Checkpoint
    private var before: Checkpoint?

    /// Reads the last checkpoints of two state folders.
    ///
    /// - Parameters:
    ///   - since: the folder of a campaign that ran after the fix
    ///   - before: the folder of one that ran before it, or `nil`
    /// - Throws: ``CampaignError`` if one has no campaign, or its checkpoints cannot be read
    package init(since: String, before: String?, host: any HostProgram) throws(CampaignError) {
        self.since = try StateFolder.lastCheckpoint(of: since, host: host).checkpoint
        if let before { self.before = try StateFolder.lastCheckpoint(of: before, host: host).checkpoint }
    }

    /// The figures on the bucket of a case; `nil` for a case without one.
    ///
    /// - Complexity: O(buckets)
    package func evidence(for c: Case, file: String) -> FixEvidence? {
        guard let bucket = c.bucket else { return nil }
        var evidence = FixEvidence(file: file, bucket: bucket, first: c.origin)
        evidence.since = since.count(of: bucket)
        evidence.before = before?.count(of: bucket)
        if let before { evidence.difference = before.difference(from: since) }
        return evidence
    }
}

extension Checkpoint {
    /// The cases of all parts that its target ran, and those that hit a bucket; `nil` if the target was not tested.
    func count(of bucket: String) -> FixEvidence.Count? {
        let target = Bucket.target(of: bucket)
        let parts = parts.filter { $0.targets.contains(target) }
        if parts.isEmpty { return nil }
        let cases = parts.reduce(0 as UInt64) { $0 + $1.cases(ranBy: target) }
        let hits = entries.first { $0.bucket == bucket }?.hits ?? 0
        let isSeen =
            entries.contains { $0.bucket == bucket } || collateral.contains { $0.bucket == bucket }
            || early.contains { $0.bucket == bucket }
        return FixEvidence.Count(cases: cases, hits: hits, isSeen: isSeen)
    }

    /// The reason why the cases of two states are not of the same kind; `nil` if they are.
    ///
    /// The software under test may differ: it was fixed.
    func difference(from other: Checkpoint) -> String? {
        let kinds = (parts + other.parts).map { CaseKind($0.configuration.target) }
        if kinds.allSatisfy({ $0 == kinds[0] }) { return nil }
        return "the campaigns make other cases, since their options, or what their targets support, differ"
    }

    /// The options of a campaign on which the kinds of its cases depend.
    private struct CaseKind: Equatable {
        var targets: [String]
        var limits: [Limits] = []
        var objects: [String] = []
        var workloads: [Workload] = []
        var oracleOptions: OracleOptions?
        var exhaustive: ExhaustiveBounds?
        var profiles: [ProgramProfile] = []
        var isExecuting = false

        /// Limits are equal if they lead to the same cases.
        struct Limits: Equatable {
            var limits: CaseLimits

            static func == (left: Limits, right: Limits) -> Bool { left.limits.makesSameCases(as: right.limits) }
        }

        init(_ target: CampaignTarget) {
            targets = target.properties.targets
            switch target {
            case .patchers(let patchers):
                limits = patchers.limits.map(Limits.init)
                (objects, workloads) = (patchers.objects, patchers.workloads)
                (oracleOptions, exhaustive) = (patchers.oracleOptions, patchers.exhaustive)
            case .kernel(let kernel):
                (profiles, isExecuting) = (kernel.profiles, kernel.isExecuting)
            }
        }
    }
}

extension Checkpoint.Part {
    /// The cases that a target ran, or died in; each program of a kernel campaign is one.
    fileprivate func cases(ranBy target: String) -> UInt64 {
        guard configuration.target.patchers != nil, let number = targets.firstIndex(of: target) else {
            return cases - min(counts.notRun, cases)
        }
        return counts[number].ran + counts[number].deaths
    }
}
