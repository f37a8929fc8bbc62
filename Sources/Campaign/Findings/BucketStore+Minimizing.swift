import Fuzzing

/// The minimizing of cases, one at a time, until ``FindingTriage/isLate`` returns true.
extension BucketStore {
    /// Minimizes the case of a bucket and writes it to its file.
    ///
    /// - Throws: ``CampaignError`` when the file cannot be written
    func minimize(_ bucket: String) throws(CampaignError) {
        guard let entry = entries[bucket] else { return }
        var c = makeCase(bucket, index: entry.lowest)
        var isInterrupted = false
        if Case.isLeak(bucket) {
            c.name = Case.leaking
        } else if !triage.isSafeToRerun(bucket) {
            c.name = Case.notRunAgain
        } else if isUsable(c, bucket) {
            // If this process is killed while it minimizes, the original is on disk.
            if entry.stored == nil { _ = try keep(asSeen(bucket, index: entry.lowest), bucket) }
            let result = triage.minimize(c, bucket: bucket)
            c = result.smallest
            isInterrupted = result.isInterrupted
            for (other, found) in result.strays.sorted(by: { $0.key < $1.key }) where entries[other] == nil {
                addCollateral(found, other, from: entry.lowest)
            }
        } else {
            c.name = Case.notSeenAgain
        }
        if let failure = triage.failure { throw failure }
        if isInterrupted { c.name = Case.asSeen }
        try settle(c, bucket)
        // An interrupted minimization is repeated when the campaign is resumed.
        if unstored == bucket && !isInterrupted { storedCount += 1 }
    }

    private func settle(_ c: Case, _ bucket: String) throws(CampaignError) {
        let kept = try keep(c, bucket)
        // Workers may have reported further hits in the meantime.
        guard var entry = entries[bucket] else { return }
        entry.stored = describe(kept, bucket, entry.lowest, entry.hits)
        if kept.name == Case.asSeen { entry.stored?.isMinimized = false }
        entries[bucket] = entry
    }

    /// Adds a bucket that was hit while another was minimized; of several cases the smallest is kept.
    ///
    /// - Parameter index: the index of the case that was minimized
    func addCollateral(_ found: Case, _ bucket: String, from index: UInt64) {
        let text = CaseFile.print(found)
        guard let found = try? CaseFile.parse(text, file: bucket) else { return }
        if let known = collateral[bucket], CaseSize(known.found) <= CaseSize(found) { return }
        collateral[bucket] = CollateralFinding(index: index, text: text, found: found)
    }

    /// The number of findings left for ``finishNext()``.
    var unfinished: Int {
        queue.count - max(storedCount, seenCount) + collateral.count - collateralFindings.count
    }

    /// Finishes the next bucket after the last block; returns false if none is left.
    ///
    /// A collateral bucket is a separate finding, but the buckets that its own minimization hits are ignored. If no
    /// time is left, the case is written without minimization.
    ///
    /// - Throws: ``CampaignError`` when a file cannot be written
    func finishNext() throws(CampaignError) -> Bool {
        seenCount = max(seenCount, storedCount)
        if seenCount < queue.count, !triage.isLate(), try slideNext() { return true }
        if seenCount < queue.count {
            let bucket = queue[seenCount]
            if !triage.isLate() {
                try minimize(bucket)
            } else if let entry = entries[bucket] {
                try settle(asSeen(bucket, index: entry.lowest), bucket)
            }
            seenCount += 1
            return true
        }
        if try slideNext() { return true }
        if collateralQueue.isEmpty {
            collateralQueue = collateral.keys.sorted(by: >).filter { collateralFindings[$0] == nil && early[$0] == nil }
        }
        guard let bucket = collateralQueue.popLast(), let pending = collateral[bucket] else { return false }
        collateralFindings[bucket] = pending.stored
        if pending.stored != nil { return true }
        var c = pending.found
        var isSettled = false
        if !triage.isLate() {
            let result = triage.minimize(c, bucket: bucket)
            c = result.smallest
            isSettled = !result.isInterrupted
        }
        if let failure = triage.failure { throw failure }
        if !isSettled { c.name = Case.asSeen }
        let kept = try keep(c, bucket)
        var finding = describe(kept, bucket, pending.index, 0)
        if kept.name == Case.asSeen { finding.isMinimized = false }
        if isSettled {
            // New buckets that this slide hits are ignored: see above.
            let others = collateral
            finding.leadsTo = try slide(bucket, from: pending.index)
            collateral = others
            isSettled = finding.leadsTo != nil
        }
        collateralFindings[bucket] = finding
        if isSettled { collateral[bucket]?.stored = finding }
        return true
    }
}
