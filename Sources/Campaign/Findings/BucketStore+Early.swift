import Foundation
import Fuzzing

extension Case {
    /// The name of a case that there was no time to minimize.
    package static let asSeen = "as it was seen; 'minimize FILE -o FILE' makes it smaller"
    /// The name of a case that is not run again, since that may bring the machine down.
    static let notRunAgain = "as it was seen; it has not been run again"
    /// The name of a case at which memory ran out that the cases before it had not given back.
    static let leaking = "memory that the cases before had taken ran out here; by itself it shows nothing"
    /// The name of a case that is not in its bucket when it is run by itself.
    static let notSeenAgain = "not seen again by itself; make the case anew from its seed and index"
}

extension Case {
    /// Whether a bucket is about memory that is taken by many cases together, none of which shows it alone.
    static func isLeak(_ bucket: String) -> Bool { bucket.hasSuffix("/\(BrokenRule.memory.rawValue)/leak/none") }
}

/// Buckets are on disk from the moment in which a worker tells of them, whatever becomes of their block.
extension BucketStore {
    /// Takes in a bucket that a worker has hit, and writes its case down as it was seen; returns true if it is new.
    ///
    /// - Parameter isWritten: whether the case is written down at once
    /// - Throws: ``CampaignError`` when the file cannot be written
    func note(_ hit: EarlyHit, isWritten: Bool = true) throws(CampaignError) -> Bool {
        if entries[hit.bucket] != nil { return false }
        if let known = early[hit.bucket] {
            early[hit.bucket] = min(known, hit.index)
            return false
        }
        early[hit.bucket] = hit.index
        if !isWritten { return true }
        let file = folder.file(of: hit.bucket)
        // One from before this campaign is looked at when there is time.
        if keepsEarlier && FileManager.default.fileExists(atPath: file) { return true }
        if keepsEarlier { earlier[hit.bucket] = .some(nil) }
        _ = try keep(asSeen(hit.bucket, index: hit.index), hit.bucket)
        return true
    }

    /// The case of a bucket as it was seen, which says so.
    func asSeen(_ bucket: String, index: UInt64) -> Case {
        var c = triage.completed(makeCase(bucket, index: index), bucket: bucket)
        c.name = triage.isSafeToRerun(bucket) ? Case.asSeen : Case.notRunAgain
        if Case.isLeak(bucket) { c.name = Case.leaking }
        return c
    }

    /// All buckets as findings, now that an error has ended the campaign; cases that are not minimized are as they were seen.
    ///
    /// - Complexity: O(buckets) cases made
    var findingsSoFar: [StoredFinding] {
        let findings = findings
        let stored = Set(findings.map(\.bucket))
        let others = seenBuckets.filter { !stored.contains($0.bucket) }.map { bucket, index in
            let entry = entries[bucket]
            var finding = describe(asSeen(bucket, index: index), bucket, index, entry?.hits ?? 0)
            finding.isMinimized = false
            finding.isCounted = entry == nil ? false : nil
            return finding
        }
        return (findings + others).sorted { $0.bucket < $1.bucket }
    }

    /// Makes findings of the buckets whose block was not counted, now that no more blocks come.
    ///
    /// - Throws: ``CampaignError`` when a file cannot be written
    func settleEarly() throws(CampaignError) {
        for (bucket, index) in early.sorted(by: { $0.key < $1.key }) {
            let c = try keep(asSeen(bucket, index: index), bucket)
            var finding = describe(c, bucket, index, 0)
            finding.isCounted = false
            finding.isMinimized = c.name == Case.asSeen ? false : nil
            earlyFindings[bucket] = finding
        }
    }
}
