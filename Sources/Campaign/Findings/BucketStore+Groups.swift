import Foundation
import Fuzzing

extension BucketStore {
    /// True if a minimized case has not slid yet.
    ///
    /// - Complexity: O(1), amortized
    var hasToSlide: Bool { slidCount < storedCount }

    /// Slides the next minimized case that has not slid yet (``Fuzzing/CaseSlide``); returns false if there is none.
    ///
    /// A slide into a new bucket adds that bucket as a collateral finding.
    ///
    /// - Throws: ``CampaignError`` if the judge fails
    func slideNext() throws(CampaignError) -> Bool {
        while let bucket = queue.prefix(storedCount).dropFirst(slidCount).first {
            guard let entry = entries[bucket], let stored = entry.stored, stored.leadsTo == nil else {
                slidCount += 1
                continue
            }
            guard let leadsTo = try slide(bucket, from: entry.lowest) else { return false }
            // The entry may have new hits.
            entries[bucket]?.stored?.leadsTo = leadsTo
            return true
        }
        return false
    }

    /// The buckets into which the stored case of a bucket slides; `nil` after an interrupt or at the time limit.
    func slide(_ bucket: String, from index: UInt64) throws(CampaignError) -> [String]? {
        if triage.isLate() { return nil }
        guard let c = try folder.stored(bucket)?.content, let end = triage.slide(c, from: bucket) else {
            // An interrupted slide has no result.
            return triage.isLate() ? nil : []
        }
        if let failure = triage.failure { throw failure }
        if end.isInterrupted { return nil }
        if end.bucket == bucket { return [] }
        if entries[end.bucket] == nil { addCollateral(end.smallest, end.bucket, from: index) }
        return [end.bucket]
    }
}
