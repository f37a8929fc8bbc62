import BPF
import Foundation
import Fuzzing

/// All buckets of a campaign: what was seen of each, and the minimised case of each on disk.
///
/// For a given range of indices the result is the same whatever the number of workers, and however often the campaign was
/// interrupted: sightings come in order of index, so the first of a bucket is the lowest, and its case is the one that is
/// minimised.
struct FindingLedger {
    struct Entry {
        var lowest: UInt64
        var sightings: UInt64
        var stored: StoredFinding?
    }

    /// A bucket met while another was minimised.
    struct Stray {
        /// The index of the case that led there.
        var index: UInt64
        /// The case as a file has it, so that it is the same after a checkpoint.
        var text: String
        var found: Case
        /// What has become of it, if it has been minimised.
        var stored: StoredFinding?
    }

    private let settings: CampaignSettings
    let folder: CrashFolder
    /// What has been written there since the last checkpoint.
    let fresh = FreshFiles()
    /// Whether files that were in the folder before this campaign are kept when they are as small.
    private let keepsEarlier: Bool
    let examiner: any CaseExaminer
    var entries: [String: Entry] = [:]
    /// The buckets in the order in which they were first seen; those behind the first few are not on disk yet.
    var queue: [String] = []
    /// How many of these are on disk.
    var storedCount = 0
    /// When no more cases are to slide, if that is limited.
    var lastSlide: Date?
    /// For how many of these it is known where their cases slide to.
    var slidCount = 0
    var strays: [String: Stray] = [:]
    /// How many in the queue are on disk, if only as they were seen.
    private var seenCount = 0
    /// The strays that are left in the end, the next one last.
    private var strayQueue: [String] = []
    /// The strays that have become findings, in the end.
    var strayFindings: [String: StoredFinding] = [:]
    /// What the folder held of a bucket when this campaign first met it.
    private var earlier: [String: CrashFolder.Stored?] = [:]

    /// Makes an empty ledger.
    ///
    /// - Parameter program: the executable that serves as judge
    init(settings: CampaignSettings, bases: [Program], program: URL, keepsEarlier: Bool) {
        self.settings = settings
        self.keepsEarlier = keepsEarlier
        folder = CrashFolder(path: settings.crashes)
        examiner = settings.subject.makeExaminer(seed: settings.seed, bases: bases, program: program)
    }

    /// How many buckets there are.
    var count: Int { entries.count + strayFindings.count }

    /// How many buckets are of patchers that do not answer.
    ///
    /// - Complexity: O(buckets)
    var hangCount: Int { queue.count { Bucket.rule(of: $0) == .hang } }

    /// The buckets, by name.
    var findings: [StoredFinding] {
        let seen = entries.values.compactMap { entry in
            var finding = entry.stored
            finding?.sightings = entry.sightings
            return finding
        }
        return (seen + strayFindings.values).sorted { $0.bucket < $1.bucket }
    }

    /// Takes in what came of one block; blocks come in order.
    ///
    /// - Complexity: O(sightings log sightings)
    mutating func add(_ sightings: [Sighting]) {
        for sighting in sightings.sorted(by: { ($0.index, $0.bucket) < ($1.index, $1.bucket) }) {
            if var entry = entries[sighting.bucket] {
                entry.lowest = min(entry.lowest, sighting.index)
                entry.sightings += sighting.count
                entries[sighting.bucket] = entry
            } else {
                insert(sighting.bucket, Entry(lowest: sighting.index, sightings: sighting.count))
            }
        }
    }

    /// Adds a bucket that is behind all others in order of index.
    mutating func insert(_ bucket: String, _ entry: Entry) {
        entries[bucket] = entry
        queue.append(bucket)
        strays[bucket] = nil
    }

    /// A bucket of which no minimised case is on disk yet.
    ///
    /// - Complexity: O(1)
    var unstored: String? { storedCount < queue.count ? queue[storedCount] : nil }

    /// Minimises the case of a bucket and writes it down.
    ///
    /// - Throws: ``CampaignError`` when the file cannot be written
    mutating func store(_ bucket: String) throws(CampaignError) {
        guard var entry = entries[bucket] else { return }
        var c = makeCase(bucket, entry)
        var isInterrupted = false
        if !examiner.canRunAgain(bucket) {
            c.name = "as it was seen; it has not been run again"
        } else if isUsable(c, bucket) {
            // The original is safe on disk before anything smaller is looked for.
            if entry.stored == nil { _ = try keep(c, bucket) }
            let result = examiner.shrink(c, bucket: bucket)
            c = result.smallest
            isInterrupted = result.isInterrupted
            for (other, found) in result.strays.sorted(by: { $0.key < $1.key }) where entries[other] == nil {
                note(found, other, from: entry.lowest)
            }
        } else {
            c.name = "not seen again by itself; make the case anew from its seed and index"
        }
        if let failure = examiner.failure { throw failure }
        try settle(c, bucket, &entry)
        // What was broken off is minimised when the campaign goes on.
        if unstored == bucket && !isInterrupted { storedCount += 1 }
    }

    /// Writes the case of a bucket down as it was seen, to be minimised another time.
    ///
    /// - Throws: ``CampaignError`` when the file cannot be written
    private mutating func storeAsSeen(_ bucket: String) throws(CampaignError) {
        guard var entry = entries[bucket] else { return }
        try settle(makeCase(bucket, entry), bucket, &entry)
    }

    private mutating func settle(_ c: Case, _ bucket: String, _ entry: inout Entry) throws(CampaignError) {
        entry.stored = describe(try keep(c, bucket), bucket, entry.lowest, entry.sightings)
        entries[bucket] = entry
    }

    func describe(_ c: Case, _ bucket: String, _ index: UInt64, _ sightings: UInt64) -> StoredFinding {
        StoredFinding(
            c, bucket: bucket, file: folder.file(of: bucket), seed: settings.seed, index: index, sightings: sightings)
    }

    /// Makes the case of a bucket once more.
    private func makeCase(_ bucket: String, _ entry: Entry) -> Case {
        var c = examiner.makeCase(index: entry.lowest)
        c.bucket = bucket
        c.target = Bucket.target(of: bucket)
        c.sentence = Bucket.sentence(of: bucket)
        return c
    }

    mutating func note(_ found: Case, _ bucket: String, from index: UInt64) {
        let text = CaseFile.print(found)
        guard let found = try? CaseFile.parse(text, file: bucket) else { return }
        if let known = strays[bucket], CaseSize(known.found) <= CaseSize(found) { return }
        strays[bucket] = Stray(index: index, text: text, found: found)
    }

    /// How many findings are left for ``finishNext(asSeen:)``.
    var unfinished: Int { queue.count - max(storedCount, seenCount) + strays.count - strayFindings.count }

    /// Settles which case stands for the next bucket, now that no more blocks come; says whether there was one.
    ///
    /// A bucket met while another was minimised is a finding of its own; what it leads to in turn is left for the next
    /// campaign.
    ///
    /// - Parameter asSeen: whether a case is only written down, to be minimised when the campaign goes on
    /// - Throws: ``CampaignError`` when a file cannot be written
    mutating func finishNext(asSeen: Bool) throws(CampaignError) -> Bool {
        seenCount = max(seenCount, storedCount)
        if seenCount < queue.count {
            if asSeen { try storeAsSeen(queue[seenCount]) } else { try store(queue[seenCount]) }
            seenCount += 1
            return true
        }
        if !asSeen, try slideNext() { return true }
        if strayQueue.isEmpty { strayQueue = strays.keys.sorted(by: >).filter { strayFindings[$0] == nil } }
        guard let bucket = strayQueue.popLast(), let stray = strays[bucket] else { return false }
        strayFindings[bucket] = stray.stored
        if stray.stored != nil { return true }
        var c = stray.found
        var isSettled = !asSeen
        if !asSeen {
            let result = examiner.shrink(c, bucket: bucket)
            c = result.smallest
            isSettled = !result.isInterrupted
        }
        if let failure = examiner.failure { throw failure }
        var finding = describe(try keep(c, bucket), bucket, stray.index, 0)
        if isSettled {
            // What it leads to is left for the next campaign, if it is new.
            let others = strays
            finding.leadsTo = try slide(bucket, from: stray.index)
            strays = others
            isSettled = finding.leadsTo != nil
        }
        strayFindings[bucket] = finding
        if isSettled { strays[bucket]?.stored = finding }
        return true
    }

    /// Whether all findings are minimised, and known where they slide to.
    var isSettled: Bool {
        unstored == nil && strays.values.allSatisfy { $0.stored != nil }
            && entries.values.allSatisfy { $0.stored?.leadsTo != nil }
    }

    /// Lets a case stand for its bucket, unless one from before this campaign is as small and still fails.
    ///
    /// - Returns: the case that is on disk now
    /// - Throws: ``CampaignError`` when the file cannot be written
    private mutating func keep(_ found: Case, _ bucket: String) throws(CampaignError) -> Case {
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
        if let before, CaseSize(before.content) <= CaseSize(c) {
            try folder.write(before, for: bucket)
            return before.content
        }
        try folder.write(CrashFolder.Stored(content: c, text: CaseFile.print(c)), for: bucket)
        if !keepsEarlier { fresh.insert(folder.file(of: bucket)) }
        return c
    }

    /// Whether a case is in its bucket when it is run by itself.
    private func isUsable(_ c: Case, _ bucket: String) -> Bool {
        if c.bucket != bucket { return false }
        return !examiner.canRunAgain(bucket) || examiner.findings(of: c).contains { $0.bucket == bucket }
    }
}
