import BPF
import Foundation
import Fuzzing

/// All buckets of a campaign: their hits, and the minimized case of each on disk.
///
/// The result depends only on the range of indices, not on the number of workers or interrupts. Hits are added in order
/// of index, so the first hit of a bucket has its lowest index, and that case is minimized.
///
/// A class, because hits are added while a case is being minimized.
final class BucketStore {
    struct Entry {
        var lowest: UInt64
        var hits: UInt64
        var stored: StoredFinding?
    }

    /// A bucket that was hit only while another was minimized.
    struct CollateralFinding {
        /// The index of the case that was minimized.
        var index: UInt64
        /// The text of the case, as in its file and in checkpoints.
        var text: String
        var found: Case
        /// The minimized finding, or `nil`.
        var stored: StoredFinding?
    }

    let configuration: CampaignConfiguration
    let folder: CrashFolder
    /// The files written since the last checkpoint.
    let fresh = FreshFiles()
    /// True if a file of an earlier campaign is kept when its case is as small.
    let keepsEarlier: Bool
    let triage: any FindingTriage
    var entries: [String: Entry] = [:]
    /// The buckets in the order of their first hits. The first ``storedCount`` are minimized and on disk.
    var queue: [String] = []
    var storedCount = 0
    /// The buckets with slow cases.
    private var long: Set<String> = []
    /// The number of buckets at the start of the queue whose cases have slid.
    var slidCount = 0
    var collateral: [String: CollateralFinding] = [:]
    /// The lowest reported index of each bucket without a counted block.
    var early: [String: UInt64] = [:]
    /// The findings of the early hits left after the last block.
    var earlyFindings: [String: StoredFinding] = [:]
    /// The number of buckets at the start of the queue that are on disk, minimized or not.
    var seenCount = 0
    /// The collateral buckets left after the last block, in reverse order.
    var collateralQueue: [String] = []
    /// The finished collateral findings.
    var collateralFindings: [String: StoredFinding] = [:]
    /// The file of each bucket from an earlier campaign, `.some(nil)` if there was none.
    var earlier: [String: CrashFolder.Stored?] = [:]

    /// Makes an empty store.
    ///
    /// - Parameter host: the program of the judge process
    init(configuration: CampaignConfiguration, bases: [Program], host: any HostProgram, keepsEarlier: Bool) {
        self.configuration = configuration
        self.keepsEarlier = keepsEarlier
        folder = CrashFolder(path: configuration.output)
        triage = configuration.workingTarget.fuzzTarget.makeTriage(
            seed: configuration.cases.seed, bases: bases, host: host)
    }

    /// The number of buckets; a collateral one counts from when its minimized case is on disk.
    ///
    /// - Complexity: O(collateral buckets)
    var count: Int { entries.count + early.count + collateralFindings.count + storedCollateral.count }

    /// The collateral buckets that an earlier session minimized and this one has not finished yet.
    private var storedCollateral: [String] {
        collateral.compactMap { $0.value.stored != nil && collateralFindings[$0.key] == nil ? $0.key : nil }
    }

    /// The number of buckets of hangs.
    ///
    /// - Complexity: O(buckets)
    var hangCount: Int {
        (queue + early.keys + collateralFindings.keys + storedCollateral).count { Bucket.rule(of: $0) == .hang }
    }

    /// The findings on disk, sorted by bucket.
    var findings: [StoredFinding] {
        let seen = entries.values.compactMap { entry in
            var finding = entry.stored
            finding?.hits = entry.hits
            return finding
        }
        return (seen + collateralFindings.values + earlyFindings.values).sorted { $0.bucket < $1.bucket }
    }

    /// Adds the hits of the next block.
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

    /// Appends a new bucket to the queue; buckets with slow cases stay at its end.
    ///
    /// The first bucket that is not on disk keeps its place, because it may be being minimized.
    func insert(_ bucket: String, _ entry: Entry) {
        entries[bucket] = entry
        var place = queue.count
        if triage.isLong(index: entry.lowest) {
            long.insert(bucket)
        } else {
            while place > storedCount + 1 && long.contains(queue[place - 1]) { place -= 1 }
        }
        queue.insert(bucket, at: place)
        collateral[bucket] = nil
        early[bucket] = nil
    }

    /// The next bucket to minimize, or `nil`.
    ///
    /// - Complexity: O(1)
    var unstored: String? { storedCount < queue.count ? queue[storedCount] : nil }

    /// The number of buckets of counted blocks that are not minimized yet.
    var backlog: Int { queue.count - storedCount }

    /// True if all findings are minimized and have slid.
    var isSettled: Bool {
        unstored == nil && collateral.values.allSatisfy { $0.stored != nil }
            && entries.values.allSatisfy { $0.stored?.leadsTo != nil }
    }

    func describe(_ c: Case, _ bucket: String, _ index: UInt64, _ hits: UInt64) -> StoredFinding {
        StoredFinding(
            c, bucket: bucket, file: folder.file(of: bucket), seed: configuration.cases.seed, index: index,
            hits: hits)
    }

    /// Generates the case of a bucket again.
    func makeCase(_ bucket: String, index: UInt64) -> Case {
        var c = triage.makeCase(index: index)
        c.bucket = bucket
        c.target = Bucket.target(of: bucket)
        c.sentence = Bucket.sentence(of: bucket)
        return c
    }

    /// Writes a case for its bucket, unless the file of an earlier campaign is as small and still fails.
    ///
    /// - Returns: the case on disk
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

    /// Returns true if an earlier case is minimized and as small as another.
    private func isAsSmall(_ before: Case, _ c: Case) -> Bool {
        CaseSize(before) == CaseSize(c) && before.name != Case.asSeen
    }

    /// Returns true if a case hits its bucket when it is run alone. If there is no time to run it, or running it is
    /// unsafe, this is assumed.
    func isUsable(_ c: Case, _ bucket: String) -> Bool {
        if c.bucket != bucket { return false }
        return !triage.isSafeToRerun(bucket) || triage.findings(of: c).contains { $0.bucket == bucket }
            || triage.isLate()
    }
}
