import BPF
import Fuzzing

extension CampaignReport {
    /// Makes the report of a state folder from its last checkpoint.
    ///
    /// A finding whose file was not written yet is described by its bucket alone.
    ///
    /// - Parameter path: the state folder
    /// - Throws: ``CampaignError`` if the file of a finding cannot be read
    package init(
        of checkpoint: Checkpoint, in path: String, host: any HostProgram
    ) throws(CampaignError) {
        let configuration = checkpoint.parts[0].configuration
        let crashes = CrashFolder(path: StateFolder.crashes(of: path))
        let hits =
            checkpoint.entries.map { ($0.bucket, $0.firsts, $0.hits, $0.isStored, $0.leadsTo) }
            + checkpoint.collateral.map {
                ($0.bucket, [FirstHit(seed: configuration.cases.seed, index: $0.index)], 0, $0.isStored, $0.leadsTo)
            }
        var findings: [StoredFinding] = []
        for (bucket, firsts, count, isStored, leadsTo) in hits.sorted(by: { $0.0 < $1.0 }) {
            let kept = try crashes.stored(bucket, isChanged: false)?.content
            let seed = kept?.origin?.seed ?? configuration.cases.seed
            let first = firsts.first { $0.seed == seed } ?? firsts.first
            var finding = StoredFinding(
                kept ?? Case(bucket: bucket, program: Program(insns: []), passes: []), bucket: bucket,
                file: crashes.file(of: bucket), seed: seed, index: first?.index ?? 0, hits: count)
            if firsts.count > 1 { finding.firsts = firsts }
            finding.leadsTo = leadsTo
            finding.isMinimized = isStored ? nil : false
            findings.append(finding)
        }
        let missing = checkpoint.isMerged ? checkpoint.missingShards : []
        let unfinished = checkpoint.isMerged ? checkpoint.unfinishedParts : []
        self.init(
            seed: configuration.cases.seed, cases: checkpoint.cases, seconds: checkpoint.seconds,
            casesPerSecond: Double(checkpoint.cases) / max(checkpoint.seconds, 0.001),
            jobs: checkpoint.parts.map(\.configuration.budget.jobs).max() ?? 0, findings: findings, state: path,
            missing: missing.isEmpty ? nil : missing,
            isFinished: missing.isEmpty && checkpoint.parts.allSatisfy(\.isFinished))
        self.unfinished = unfinished.isEmpty ? nil : unfinished
        target = configuration.target
        plugins = checkpoint.parts.reduce(into: []) { all, part in
            all += part.configuration.target.pluginFiles.filter { !all.contains($0) }
        }
        addCounts(of: checkpoint)
    }
}
