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
    /// The cases of all parts, and those that hit a bucket; `nil` if its target was not tested.
    func count(of bucket: String) -> FixEvidence.Count? {
        let target = Bucket.target(of: bucket)
        let parts = parts.filter { $0.targets.contains(target) }
        if parts.isEmpty { return nil }
        let cases = parts.reduce(0 as UInt64) { $0 + $1.cases - min($1.counts.notRun, $1.cases) }
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
        let kinds = Set((parts + other.parts).map { CaseKind($0.configuration.target) })
        return kinds.count == 1 ? nil : "the campaigns make other cases, since their options differ"
    }

    /// The options of a campaign on which the kinds of its cases depend.
    private struct CaseKind: Hashable {
        var targets: [String]
        var objects: [String] = []
        var workloads: [Workload] = []
        var oracleOptions: OracleOptions?
        var exhaustive: ExhaustiveBounds?
        var profiles: [ProgramProfile] = []
        var isExecuting = false

        init(_ target: CampaignTarget) {
            targets = target.properties.targets
            switch target {
            case .patchers(let patchers):
                (objects, workloads) = (patchers.objects, patchers.workloads)
                (oracleOptions, exhaustive) = (patchers.oracleOptions, patchers.exhaustive)
            case .kernel(let kernel):
                (profiles, isExecuting) = (kernel.profiles, kernel.isExecuting)
            }
        }
    }
}
