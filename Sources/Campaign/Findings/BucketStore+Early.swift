import Foundation
import Fuzzing

extension Case {
    /// The name of a case that was not minimized for lack of time.
    package static let asSeen = "as it was seen; 'minimize FILE -o FILE' makes it smaller"
    /// The name of a case that is not run again because it may crash the machine.
    static let notRunAgain = "as it was seen; it has not been run again"
    /// The name of a case that exceeded the memory limit because earlier cases had leaked memory.
    static let leaking = "earlier cases leaked memory, which exceeded the limit here; alone, this case shows nothing"
    /// The name of a case that does not hit its bucket when it is run alone.
    static let notSeenAgain = "not reproduced when run alone; generate it again from its seed and index"
}

extension Case {
    /// Returns true for the bucket of a slow leak, which no case shows alone.
    static func isLeak(_ bucket: String) -> Bool { bucket.hasSuffix("/\(BrokenRule.memory.rawValue)/leak/none") }
}

/// Early hits: the case of a bucket is written when a worker reports it, even if its block is never completed.
extension BucketStore {
    /// Adds a bucket that a worker reports before the end of its block, and writes its case; returns true if it is new.
    ///
    /// - Parameter isWritten: false to leave the folder unchanged
    /// - Throws: ``CampaignError`` when the file cannot be written
    func addEarly(_ hit: EarlyHit, isWritten: Bool = true) throws(CampaignError) -> Bool {
        if entries[hit.bucket] != nil { return false }
        if let known = early[hit.bucket] {
            early[hit.bucket] = min(known, hit.index)
            return false
        }
        early[hit.bucket] = hit.index
        if !isWritten { return true }
        let file = folder.file(of: hit.bucket)
        // A file of an earlier campaign is compared later, when its case is minimized.
        if keepsEarlier && FileManager.default.fileExists(atPath: file) { return true }
        if keepsEarlier { earlier[hit.bucket] = .some(nil) }
        _ = try keep(asSeen(hit.bucket, index: hit.index), hit.bucket)
        return true
    }

    /// The generated case of a bucket; its name says that it is not minimized.
    func asSeen(_ bucket: String, index: UInt64) -> Case {
        var c = triage.completed(makeCase(bucket, index: index), bucket: bucket)
        c.name = triage.isSafeToRerun(bucket) ? Case.asSeen : Case.notRunAgain
        if Case.isLeak(bucket) { c.name = Case.leaking }
        return c
    }

    /// All buckets as findings after an error, minimized or not.
    ///
    /// - Complexity: O(buckets) generated cases
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

    /// Turns the remaining early hits into findings after the last block.
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
