import Foundation
import Fuzzing

extension BucketStore {
    /// Whether the minimized case of some bucket has not slid yet.
    ///
    /// - Complexity: O(1), amortized
    var hasToSlide: Bool { slidCount < storedCount }

    /// Lets the minimized case of the next bucket slide for which that was not tried yet; says whether there was one.
    ///
    /// A slide into a bucket that the campaign has not met makes that a finding of its own.
    ///
    /// - Throws: ``CampaignError`` when the judge cannot work
    func slideNext() throws(CampaignError) -> Bool {
        while let bucket = queue.prefix(storedCount).dropFirst(slidCount).first {
            guard let entry = entries[bucket], let stored = entry.stored, stored.leadsTo == nil else {
                slidCount += 1
                continue
            }
            guard let leadsTo = try slide(bucket, from: entry.lowest) else { return false }
            // More may have been seen of it meanwhile.
            entries[bucket]?.stored?.leadsTo = leadsTo
            return true
        }
        return false
    }

    /// Where the case of a bucket that is on disk slides to; `nil` when an interrupt or the time limit came first.
    func slide(_ bucket: String, from index: UInt64) throws(CampaignError) -> [String]? {
        if triage.isLate() { return nil }
        guard let c = try folder.stored(bucket)?.content, let end = triage.slide(c, from: bucket) else {
            // A slide that was cut short shows nothing.
            return triage.isLate() ? nil : []
        }
        if let failure = triage.failure { throw failure }
        if end.isInterrupted { return nil }
        if end.bucket == bucket { return [] }
        if entries[end.bucket] == nil { note(end.smallest, end.bucket, from: index) }
        return [end.bucket]
    }
}
