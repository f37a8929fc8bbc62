import BPF
import Foundation
import Fuzzing
import Patching

/// All buckets of a campaign: what was seen of each, and the minimised case of each on disk.
///
/// For a given range of indices the result is the same whatever the number of workers: the case that is minimised is in
/// the end that of the lowest index.
struct FindingLedger {
    private struct Entry {
        var lowest: UInt64
        var sightings: UInt64
        var stored: StoredFinding?
        /// Whether the patcher ends, or never ends, the process that asks it.
        var isDeadly = false
    }

    private let settings: CampaignSettings
    private let folder: CrashFolder
    private let bases: [Program]
    private var entries: [String: Entry] = [:]
    /// What the folder held of a bucket when this campaign first met it.
    private var earlier: [String: CrashFolder.Stored?] = [:]
    /// Buckets met while others were minimised, with the index of the case that led there.
    private var strays: [String: (index: UInt64, found: Case)] = [:]

    init(settings: CampaignSettings, bases: [Program]) {
        self.settings = settings
        self.bases = bases
        folder = CrashFolder(path: settings.crashes)
    }

    /// How many buckets there are.
    var count: Int { entries.count }

    /// The buckets, by name.
    var findings: [StoredFinding] {
        entries.sorted { $0.key < $1.key }.compactMap(\.value.stored)
    }

    /// Takes in what a worker has seen.
    mutating func add(_ sighting: Sighting, isDeadly: Bool = false) {
        var entry = entries[sighting.bucket] ?? Entry(lowest: sighting.index, sightings: 0)
        entry.lowest = min(entry.lowest, sighting.index)
        entry.sightings += sighting.count
        entry.isDeadly = isDeadly
        entries[sighting.bucket] = entry
    }

    /// A bucket of which nothing is on disk yet.
    var unstored: String? { entries.filter { $0.value.stored == nil }.min { $0.value.lowest < $1.value.lowest }?.key }

    /// Minimises the case of a bucket and writes it down.
    ///
    /// - Throws: ``CampaignError`` when the file cannot be written
    mutating func store(_ bucket: String) throws(CampaignError) {
        guard var entry = entries[bucket] else { return }
        var fuzzer = Fuzzer(
            seed: settings.seed, bases: bases, workloads: settings.workloads, limits: settings.limits,
            patchers: [])
        var c = fuzzer.makeCase(index: entry.lowest)
        c.bucket = bucket
        c.target = bucket.split(separator: "/").first.map(String.init)
        if !entry.isDeadly && !isUsable(c, bucket) {
            c.name = "not seen with zeros in placeholders; make the case anew from its seed and index"
        }
        // A patcher that is known to end a process must not end this one.
        let isDeadly = entries.contains { $0.value.isDeadly && $0.key.hasPrefix("\(c.target ?? "")/") }
        if !isDeadly {
            // The original is safe on disk before anything smaller is looked for.
            if entry.stored == nil { _ = try keep(c, bucket) }
            let result = minimizer.minimize(c, bucket: bucket)
            c = result.smallest
            for (other, found) in result.strays where entries[other] == nil {
                if let known = strays[other], CaseSize(known.found) <= CaseSize(found) { continue }
                strays[other] = (entry.lowest, found)
            }
        }
        c = try keep(c, bucket)
        entry.stored = StoredFinding(
            c, bucket: bucket, file: folder.file(of: bucket), seed: settings.seed, index: entry.lowest,
            sightings: entry.sightings)
        entries[bucket] = entry
    }

    /// Settles which case stands for each bucket, now that all indices have been run.
    ///
    /// - Throws: ``CampaignError`` when a file cannot be written
    mutating func finish(progress: (Int, Int) -> Void) throws(CampaignError) {
        strays = [:]
        let buckets = entries.sorted { ($0.value.lowest, $0.key) < ($1.value.lowest, $1.key) }.map(\.key)
        for (number, bucket) in buckets.enumerated() {
            progress(number + 1, buckets.count)
            try store(bucket)
        }
        // A bucket met on the way is a finding of its own; what it leads to in turn is left for the next campaign.
        for (bucket, stray) in strays.sorted(by: { $0.key < $1.key }) where entries[bucket] == nil {
            let result = minimizer.minimize(stray.found, bucket: bucket)
            let kept = try keep(result.smallest, bucket)
            entries[bucket] = Entry(
                lowest: stray.index, sightings: 0,
                stored: StoredFinding(
                    kept, bucket: bucket, file: folder.file(of: bucket), seed: settings.seed, index: stray.index,
                    sightings: 0))
        }
    }

    /// Lets a case stand for its bucket, unless one from before this campaign is as small and still fails.
    ///
    /// - Returns: the case that is on disk now
    /// - Throws: ``CampaignError`` when the file cannot be written
    private mutating func keep(_ c: Case, _ bucket: String) throws(CampaignError) -> Case {
        let before: CrashFolder.Stored?
        if let known = earlier[bucket] {
            before = known
        } else {
            before = try folder.stored(bucket).flatMap { isUsable($0.content, bucket) ? $0 : nil }
            earlier[bucket] = .some(before)
        }
        if let before, CaseSize(before.content) <= CaseSize(c) {
            try folder.write(before.text, for: bucket)
            return before.content
        }
        try folder.write(CaseFile.print(c), for: bucket)
        return c
    }

    /// The patchers, as single cases want them.
    private var judges: [any Patcher] { settings.terms.make(settings.patchers, checksEveryAnswer: true) }

    private var minimizer: Minimizer { Minimizer(judges, beyondContract: settings.terms.beyondContract) }

    /// Whether a case from an earlier campaign is in its bucket still; one that ends processes is believed.
    private func isUsable(_ c: Case, _ bucket: String) -> Bool {
        if c.bucket != bucket { return false }
        if c.isDeadly { return true }
        var runner = CaseRunner(judges, beyondContract: settings.terms.beyondContract)
        return (try? runner.run(c))?.findings.contains { $0.bucket == bucket } ?? false
    }
}
