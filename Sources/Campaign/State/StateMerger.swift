import Foundation
import Fuzzing
import SystemPackage
import UserFiles

/// Merges the states of shards of one campaign, or of several campaigns.
package struct StateMerger {
    /// A bucket in all states.
    private struct Joined {
        /// The lowest index of each seed.
        var firsts: [UInt64: UInt64] = [:]
        /// The lowest index of each seed for collateral findings.
        var collateralFirsts: [UInt64: UInt64] = [:]
        var hits: UInt64 = 0
        var smallest: CrashFolder.Stored?
        /// The buckets into which the case of any state slides; `nil` if unknown in all states.
        var leadsTo: Set<String>?

        mutating func lead(to buckets: [String]?) {
            if let buckets { leadsTo = (leadsTo ?? []).union(buckets) }
        }

        /// Keeps the smaller of two cases. The text decides between equal sizes, so the order of states has no effect.
        mutating func keep(_ other: CrashFolder.Stored) {
            if let smallest {
                let (one, two) = (CaseSize(smallest.content), CaseSize(other.content))
                if one < two || (one == two && smallest.text <= other.text) { return }
            }
            smallest = other
        }
    }

    private var parts: [Checkpoint.Part] = []
    /// The first part and its state.
    private var first: (part: Checkpoint.Part, state: String)?
    private var buckets: [String: Joined] = [:]
    private var times = Checkpoint.Times()
    /// The states of each campaign by shard number, and its number of shards.
    private var places: [Checkpoint.Part.Identity: (count: UInt64, states: [UInt64: String])] = [:]
    /// The files of each command, and the state that they are from.
    private var uses: [Checkpoint.Part.Command: (files: [UsedFile], state: String)] = [:]

    /// Merges states into a new one.
    ///
    /// - Parameter output: a new or empty folder
    /// - Throws: ``CampaignError`` if a state cannot be used, is in use, or has cases of another one; nothing is written
    package static func merge(
        _ states: [String], into output: String, host: any HostProgram
    ) throws(CampaignError) -> CampaignReport {
        try onFiles { () throws(FileError) in try Folder.check(output) }
        if (try? FileType(of: output)) != nil,
            !(try onFiles { () throws(FileError) in try Folder.names(in: output) }).isEmpty
        {
            throw CampaignError("\(output) is not empty; name a new folder")
        }
        var merger = StateMerger()
        // All states stay locked, so that none is resumed in the meantime.
        var held: [String: StateFolder] = [:]
        for path in states {
            let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            if held[place] != nil {
                throw CampaignError("\(path) is named twice; its cases would be counted twice", isWrongUse: true)
            }
            let folder = try StateFolder.open(path, for: .merging, host: host)
            held[place] = folder
            if let checkpoint = folder.checkpoint { try merger.add(checkpoint, of: folder) }
        }
        return try withExtendedLifetime(held) { () throws(CampaignError) in try merger.write(to: output, host) }
    }

    private mutating func add(_ checkpoint: Checkpoint, of folder: StateFolder) throws(CampaignError) {
        for part in checkpoint.parts { try add(part, at: folder.path) }
        let crashes = CrashFolder(path: folder.crashes)
        let repair =
            checkpoint.isMerged
            ? "merge the states of \(folder.path) again and use the result"
            : "resume the campaign in \(folder.path), which writes it again, then merge"
        for entry in checkpoint.entries {
            var joined = buckets[entry.bucket] ?? Joined()
            joined.hits += entry.hits
            for first in entry.firsts where entry.hits > 0 { Self.keepLowest(first, in: &joined.firsts) }
            for first in entry.firsts where entry.hits == 0 { Self.keepLowest(first, in: &joined.collateralFirsts) }
            guard let kept = try crashes.stored(entry.bucket, isChanged: false) else {
                throw CampaignError("\(crashes.file(of: entry.bucket)) is missing; \(repair)")
            }
            joined.keep(kept)
            joined.lead(to: entry.leadsTo)
            buckets[entry.bucket] = joined
        }
        for record in checkpoint.collateral {
            var joined = buckets[record.bucket] ?? Joined()
            let first = FirstHit(seed: checkpoint.parts[0].configuration.cases.seed, index: record.index)
            Self.keepLowest(first, in: &joined.collateralFirsts)
            if let kept = try crashes.stored(record.bucket, isChanged: false) {
                joined.keep(kept)
            } else if let met = try? CaseFile.parse(record.text, file: record.bucket) {
                joined.keep(CrashFolder.Stored(content: met, text: record.text))
            }
            joined.lead(to: record.leadsTo)
            buckets[record.bucket] = joined
        }
        // Hits in an incomplete block are merged like collateral findings.
        for hit in checkpoint.early {
            guard let kept = try crashes.stored(hit.bucket, isChanged: false) else { continue }
            var joined = buckets[hit.bucket] ?? Joined()
            Self.keepLowest(
                FirstHit(seed: checkpoint.parts[0].configuration.cases.seed, index: hit.index),
                in: &joined.collateralFirsts)
            joined.keep(kept)
            buckets[hit.bucket] = joined
        }
        let old = checkpoint.times
        times.start = times.start == 0 ? old.start : min(times.start, old.start)
        times.lastFind = max(times.lastFind, old.lastFind)
        times.lastCrash = max(times.lastCrash, old.lastCrash)
        times.lastHang = max(times.lastHang, old.lastHang)
    }

    private static func keepLowest(_ first: FirstHit, in firsts: inout [UInt64: UInt64]) {
        firsts[first.seed] = min(firsts[first.seed] ?? first.index, first.index)
    }

    /// Adds a part after checking that its cases are not counted yet and that its files agree with the others.
    private mutating func add(_ part: Checkpoint.Part, at state: String) throws(CampaignError) {
        if let other = first, (other.part.kernel == nil) != (part.kernel == nil) {
            let (patchers, kernel) = part.kernel == nil ? (state, other.state) : (other.state, state)
            throw CampaignError(
                "\(patchers) is a campaign of patchers and \(kernel) of a kernel; they cannot be merged")
        }
        first = first ?? (part, state)
        if let other = uses[part.command] {
            try UsedFile.checkAgreement(of: part.files, in: state, with: other.files, in: other.state)
        } else {
            uses[part.command] = (part.files, state)
        }
        let campaign = part.identity
        let shard = part.configuration.cases.shard
        if let known = places[campaign] {
            if let other = known.states[shard.number], known.count == shard.count {
                throw CampaignError(
                    "\(state) and \(other) are both shard \(shard) of one campaign; its cases would be counted twice"
                )
            }
            if known.count != shard.count {
                throw CampaignError(
                    "\(state) is shard \(shard), but \(known.states.values.min() ?? "another state") is one of "
                        + "\(known.count) shards of the same campaign; some cases would be counted twice")
            }
        }
        places[campaign, default: (shard.count, [:])].states[shard.number] = state
        parts.append(part)
    }

    /// Writes the findings, then the checkpoint that refers to them.
    private func write(to output: String, _ host: any HostProgram) throws(CampaignError) -> CampaignReport {
        guard let target = parts.first?.configuration.target else {
            throw CampaignError("there is nothing to merge")
        }
        let folder = try StateFolder.create(output, restarts: false, target: target, host: host)
        try folder.prepare()
        let crashes = CrashFolder(path: folder.crashes)
        let fresh = FreshFiles()
        var checkpoint = Checkpoint(parts: parts, isMerged: true, times: times)
        checkpoint.version = Version.text
        for (bucket, joined) in buckets.sorted(by: { $0.key < $1.key }) {
            guard let smallest = joined.smallest else { continue }
            try crashes.write(smallest, for: bucket)
            fresh.insert(crashes.file(of: bucket))
            let seen = joined.hits > 0 ? joined.firsts : joined.collateralFirsts
            let firsts = seen.sorted { $0.key < $1.key }.map { FirstHit(seed: $0.key, index: $0.value) }
            checkpoint.entries.append(
                Checkpoint.Entry(
                    bucket: bucket, firsts: firsts, hits: joined.hits, isStored: true,
                    leadsTo: joined.leadsTo?.sorted()))
        }
        try fresh.synchronize(folder: folder.crashes)
        try folder.save(checkpoint)
        return try CampaignReport(merged: checkpoint, in: folder, host: host)
    }
}

extension CampaignReport {
    /// Makes the report of merged states.
    ///
    /// - Throws: ``CampaignError`` if the file of a finding is missing
    package init(
        merged checkpoint: Checkpoint, in folder: StateFolder, host: any HostProgram
    ) throws(CampaignError) {
        let crashes = CrashFolder(path: folder.crashes)
        var findings: [StoredFinding] = []
        for entry in checkpoint.entries.sorted(by: { $0.bucket < $1.bucket }) {
            guard let kept = try crashes.stored(entry.bucket)?.content else {
                throw CampaignError("\(crashes.file(of: entry.bucket)) is missing; merge the states again")
            }
            let seed = kept.origin?.seed ?? 0
            let first = entry.firsts.first { $0.seed == seed } ?? entry.firsts.first
            var finding = StoredFinding(
                kept, bucket: entry.bucket, file: crashes.file(of: entry.bucket), seed: seed, index: first?.index ?? 0,
                hits: entry.hits)
            finding.firsts = entry.firsts
            finding.leadsTo = entry.leadsTo
            findings.append(finding)
        }
        let missing = checkpoint.missingShards
        self.init(
            seed: checkpoint.parts[0].configuration.cases.seed, cases: checkpoint.cases, seconds: checkpoint.seconds,
            casesPerSecond: Double(checkpoint.cases) / max(checkpoint.seconds, 0.001),
            jobs: checkpoint.parts.map(\.configuration.budget.jobs).max() ?? 0, findings: findings, state: folder.path,
            parts: checkpoint.parts.map { Part($0, host) }, missing: missing.isEmpty ? nil : missing,
            isFinished: missing.isEmpty && checkpoint.unfinishedParts.isEmpty)
        unfinished = checkpoint.unfinishedParts.isEmpty ? nil : checkpoint.unfinishedParts
        target = checkpoint.parts[0].configuration.target
        plugins = checkpoint.parts.reduce(into: []) { all, part in
            all += part.configuration.target.pluginFiles.filter { !all.contains($0) }
        }
        addCounts(of: checkpoint)
    }

    /// Adds up the counters of all parts, which may have different targets.
    mutating func addCounts(of checkpoint: Checkpoint) {
        let targets = checkpoint.parts.reduce(into: [String]()) { all, part in
            all += part.targets.filter { !all.contains($0) }
        }
        var counts = CampaignCounts()
        for part in checkpoint.parts { counts += part.counts.renumbered(from: part.targets, to: targets) }
        let results: TargetReport =
            if let kernel = checkpoint.parts[0].kernel {
                .kernel(KernelReport(counts, release: kernel.release, cases: cases, seconds: seconds))
            } else {
                .patchers(PatcherReport(counts, targets: targets, cases: cases))
            }
        neverRun = results.neverRun.isEmpty ? nil : results.neverRun
        add(results, counts, targets: targets)
        let contents = checkpoint.parts.flatMap(\.files).map { ($0.path, $0.content) }
        addExhaustive(
            counts, isWhole: missing == nil, contents: Dictionary(contents, uniquingKeysWith: { one, _ in one }))
    }
}
