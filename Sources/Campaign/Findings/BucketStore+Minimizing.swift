import Fuzzing

/// Cases are minimized one by one; ``FindingTriage/isLate`` says when there is no time for more.
extension BucketStore {
    /// Minimizes the case of a bucket and writes it down.
    ///
    /// - Throws: ``CampaignError`` when the file cannot be written
    func store(_ bucket: String) throws(CampaignError) {
        guard let entry = entries[bucket] else { return }
        var c = makeCase(bucket, index: entry.lowest)
        var isInterrupted = false
        if Case.isLeak(bucket) {
            c.name = Case.leaking
        } else if !triage.isSafeToRerun(bucket) {
            c.name = Case.notRunAgain
        } else if isUsable(c, bucket) {
            // The original is safe on disk before anything smaller is looked for.
            if entry.stored == nil { _ = try keep(asSeen(bucket, index: entry.lowest), bucket) }
            let result = triage.minimize(c, bucket: bucket)
            c = result.smallest
            isInterrupted = result.isInterrupted
            for (other, found) in result.strays.sorted(by: { $0.key < $1.key }) where entries[other] == nil {
                note(found, other, from: entry.lowest)
            }
        } else {
            c.name = Case.notSeenAgain
        }
        if let failure = triage.failure { throw failure }
        if isInterrupted { c.name = Case.asSeen }
        try settle(c, bucket)
        // What was broken off is minimized when the campaign goes on.
        if unstored == bucket && !isInterrupted { storedCount += 1 }
    }

    private func settle(_ c: Case, _ bucket: String) throws(CampaignError) {
        let kept = try keep(c, bucket)
        // More may have been seen of it meanwhile.
        guard var entry = entries[bucket] else { return }
        entry.stored = describe(kept, bucket, entry.lowest, entry.hits)
        if kept.name == Case.asSeen { entry.stored?.isMinimized = false }
        entries[bucket] = entry
    }

    func note(_ found: Case, _ bucket: String, from index: UInt64) {
        let text = CaseFile.print(found)
        guard let found = try? CaseFile.parse(text, file: bucket) else { return }
        if let known = strays[bucket], CaseSize(known.found) <= CaseSize(found) { return }
        strays[bucket] = CollateralFinding(index: index, text: text, found: found)
    }

    /// How many findings are left for ``finishNext()``.
    var unfinished: Int { queue.count - max(storedCount, seenCount) + strays.count - strayFindings.count }

    /// Settles the case of the next bucket, now that no more blocks come; returns false when there is none left.
    ///
    /// A bucket met while another was minimized is a finding of its own; what it leads to in turn is left for the next
    /// campaign. When it is late, a case is only written down, to be minimized another time.
    ///
    /// - Throws: ``CampaignError`` when a file cannot be written
    func finishNext() throws(CampaignError) -> Bool {
        seenCount = max(seenCount, storedCount)
        if seenCount < queue.count, !triage.isLate(), try slideNext() { return true }
        if seenCount < queue.count {
            let bucket = queue[seenCount]
            if !triage.isLate() {
                try store(bucket)
            } else if let entry = entries[bucket] {
                try settle(asSeen(bucket, index: entry.lowest), bucket)
            }
            seenCount += 1
            return true
        }
        if try slideNext() { return true }
        if strayQueue.isEmpty {
            strayQueue = strays.keys.sorted(by: >).filter { strayFindings[$0] == nil && early[$0] == nil }
        }
        guard let bucket = strayQueue.popLast(), let stray = strays[bucket] else { return false }
        strayFindings[bucket] = stray.stored
        if stray.stored != nil { return true }
        var c = stray.found
        var isSettled = false
        if !triage.isLate() {
            let result = triage.minimize(c, bucket: bucket)
            c = result.smallest
            isSettled = !result.isInterrupted
        }
        if let failure = triage.failure { throw failure }
        if !isSettled { c.name = Case.asSeen }
        let kept = try keep(c, bucket)
        var finding = describe(kept, bucket, stray.index, 0)
        if kept.name == Case.asSeen { finding.isMinimized = false }
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
}
