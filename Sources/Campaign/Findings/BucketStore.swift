import BPF
import Foundation
import Fuzzing

/// All buckets of a campaign: what was seen of each, and the minimized case of each on disk.
///
/// For a given range of indices the result is the same whatever the number of workers, and however often the campaign was
/// interrupted: hits come in order of index, so the first of a bucket is the lowest, and its case is the one that is
/// minimized.
///
/// A class, since hits come in while a case is being minimized.
final class BucketStore {
    struct Entry {
        var lowest: UInt64
        var hits: UInt64
        var stored: StoredFinding?
    }

    /// A bucket met while another was minimized.
    struct CollateralFinding {
        /// The index of the case that led there.
        var index: UInt64
        /// The case as a file has it, so that it is the same after a checkpoint.
        var text: String
        var found: Case
        /// What has become of it, if it has been minimized.
        var stored: StoredFinding?
    }

    let configuration: CampaignConfiguration
    let folder: CrashFolder
    /// What has been written there since the last checkpoint.
    let fresh = FreshFiles()
    /// Whether files that were in the folder before this campaign are kept when they are as small.
    let keepsEarlier: Bool
    let triage: any FindingTriage
    var entries: [String: Entry] = [:]
    /// The buckets in the order in which they were first seen; those behind the first few are not on disk yet.
    var queue: [String] = []
    /// How many of these are on disk.
    var storedCount = 0
    /// The buckets whose case takes as long as many others.
    private var long: Set<String> = []
    /// For how many of these it is known where their cases slide to.
    var slidCount = 0
    var strays: [String: CollateralFinding] = [:]
    /// The lowest index of each bucket that a worker has told of, and of which no block has been counted yet.
    var early: [String: UInt64] = [:]
    /// The early ones that have become findings, in the end.
    var earlyFindings: [String: StoredFinding] = [:]
    /// How many in the queue are on disk, if only as they were seen.
    var seenCount = 0
    /// The strays that are left in the end, the next one last.
    var strayQueue: [String] = []
    /// The strays that have become findings, in the end.
    var strayFindings: [String: StoredFinding] = [:]
    /// What the folder held of a bucket when this campaign first met it.
    var earlier: [String: CrashFolder.Stored?] = [:]

    /// Makes an empty ledger.
    ///
    /// - Parameter host: the program that serves as judge
    init(configuration: CampaignConfiguration, bases: [Program], host: any HostProgram, keepsEarlier: Bool) {
        self.configuration = configuration
        self.keepsEarlier = keepsEarlier
        folder = CrashFolder(path: configuration.output)
        triage = configuration.target.fuzzTarget.makeTriage(seed: configuration.cases.seed, bases: bases, host: host)
    }

    /// How many buckets there are; one met while another was minimized counts once its own case is on disk.
    ///
    /// - Complexity: O(buckets met so)
    var count: Int { entries.count + early.count + strayFindings.count + strayNames.count }

    /// The buckets that an earlier session met while minimizing, until this one takes them up.
    private var strayNames: [String] {
        strays.compactMap { $0.value.stored != nil && strayFindings[$0.key] == nil ? $0.key : nil }
    }

    /// How many buckets are of patchers that do not answer.
    ///
    /// - Complexity: O(buckets)
    var hangCount: Int {
        (queue + early.keys + strayFindings.keys + strayNames).count { Bucket.rule(of: $0) == .hang }
    }

    /// The buckets, by name.
    var findings: [StoredFinding] {
        let seen = entries.values.compactMap { entry in
            var finding = entry.stored
            finding?.hits = entry.hits
            return finding
        }
        return (seen + strayFindings.values + earlyFindings.values).sorted { $0.bucket < $1.bucket }
    }

    /// Takes in what came of one block; blocks come in order.
    ///
    /// - Complexity: O(hits log hits)
    func add(_ hits: [BucketHit]) {
        for hit in hits.sorted(by: { ($0.index, $0.bucket) < ($1.index, $1.bucket) }) {
            if var entry = entries[hit.bucket] {
                entry.lowest = min(entry.lowest, hit.index)
                entry.hits += hit.count
                entries[hit.bucket] = entry
            } else {
                insert(hit.bucket, Entry(lowest: hit.index, hits: hit.count))
            }
        }
    }

    /// Adds a bucket that follows all others in order of index; one whose case is long waits for all that are not.
    ///
    /// The first that is not on disk stays where it is, since it may be at work.
    func insert(_ bucket: String, _ entry: Entry) {
        entries[bucket] = entry
        var place = queue.count
        if triage.isLong(index: entry.lowest) {
            long.insert(bucket)
        } else {
            while place > storedCount + 1 && long.contains(queue[place - 1]) { place -= 1 }
        }
        queue.insert(bucket, at: place)
        strays[bucket] = nil
        early[bucket] = nil
    }

    /// A bucket of which no minimized case is on disk yet.
    ///
    /// - Complexity: O(1)
    var unstored: String? { storedCount < queue.count ? queue[storedCount] : nil }

    /// How many buckets wait to be minimized, of those that a block has been counted of.
    var backlog: Int { queue.count - storedCount }

    /// Whether all findings are minimized, and known where they slide to.
    var isSettled: Bool {
        unstored == nil && strays.values.allSatisfy { $0.stored != nil }
            && entries.values.allSatisfy { $0.stored?.leadsTo != nil }
    }

    func describe(_ c: Case, _ bucket: String, _ index: UInt64, _ hits: UInt64) -> StoredFinding {
        StoredFinding(
            c, bucket: bucket, file: folder.file(of: bucket), seed: configuration.cases.seed, index: index,
            hits: hits)
    }

    /// Makes the case of a bucket once more.
    func makeCase(_ bucket: String, index: UInt64) -> Case {
        var c = triage.makeCase(index: index)
        c.bucket = bucket
        c.target = Bucket.target(of: bucket)
        c.sentence = Bucket.sentence(of: bucket)
        return c
    }

    /// Lets a case stand for its bucket, unless one from before this campaign is as small and still fails.
    ///
    /// - Returns: the case that is on disk now
    /// - Throws: ``CampaignError`` when the file cannot be written
    func keep(_ found: Case, _ bucket: String) throws(CampaignError) -> Case {
        var c = found
        c.foundBy = "bpf-patch-fuzz " + Version.text
        let before: CrashFolder.Stored?
        if !keepsEarlier {
            before = nil
        } else if let known = earlier[bucket] {
            before = known
        } else {
            before = try folder.stored(bucket).flatMap { isUsable($0.content, bucket) ? $0 : nil }
            earlier[bucket] = .some(before)
        }
        if let before, CaseSize(before.content) < CaseSize(c) || isAsSmall(before.content, c) {
            try folder.write(before, for: bucket)
            return before.content
        }
        try folder.write(CrashFolder.Stored(content: c, text: CaseFile.print(c)), for: bucket)
        if !keepsEarlier { fresh.insert(folder.file(of: bucket)) }
        return c
    }

    /// Whether a case from before is as small as another, and not only for lack of time.
    private func isAsSmall(_ before: Case, _ c: Case) -> Bool {
        CaseSize(before) == CaseSize(c) && before.name != Case.asSeen
    }

    /// Whether a case is in its bucket when it is run by itself; one that there is no time to run is taken at its word.
    func isUsable(_ c: Case, _ bucket: String) -> Bool {
        if c.bucket != bucket { return false }
        return !triage.isSafeToRerun(bucket) || triage.findings(of: c).contains { $0.bucket == bucket }
            || triage.isLate()
    }
}
