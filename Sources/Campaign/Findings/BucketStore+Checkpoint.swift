import Fuzzing

extension BucketStore {
    /// The checkpoint records of the buckets in the order of their first hits, and of the collateral buckets by name.
    ///
    /// - Complexity: O(buckets)
    func records(seed: UInt64) -> (entries: [Checkpoint.Entry], collateral: [Checkpoint.CollateralFinding]) {
        var records: [Checkpoint.Entry] = []
        for (place, bucket) in queue.enumerated() {
            guard let entry = entries[bucket] else { continue }
            records.append(
                Checkpoint.Entry(
                    bucket: bucket, firsts: [FirstHit(seed: seed, index: entry.lowest)],
                    hits: entry.hits, isStored: place < storedCount, leadsTo: entry.stored?.leadsTo))
        }
        let others = collateral.sorted { $0.key < $1.key }.map { bucket, met in
            Checkpoint.CollateralFinding(
                bucket: bucket, index: met.index, text: met.text, isStored: met.stored != nil,
                leadsTo: met.stored?.leadsTo)
        }
        return (records, others)
    }

    /// The buckets whose block is not counted yet, sorted by name.
    ///
    /// - Complexity: O(buckets log buckets)
    var earlyHits: [EarlyHit] { early.sorted { $0.key < $1.key }.map { EarlyHit(bucket: $0.key, index: $0.value) } }

    /// Restores the buckets of a checkpoint. A finding whose file is missing is minimized again.
    ///
    /// - Throws: ``CampaignError`` if an unreadable case file cannot be renamed
    func restore(_ checkpoint: Checkpoint) throws(CampaignError) {
        var unstored: [(String, Entry)] = []
        for record in checkpoint.entries {
            let index = record.firsts.first?.index ?? 0
            var entry = Entry(lowest: index, hits: record.hits)
            if record.isStored, let kept = try folder.stored(record.bucket) {
                entry.stored = describe(kept.content, record.bucket, index, record.hits)
                entry.stored?.leadsTo = record.leadsTo
                insert(record.bucket, entry)
                storedCount += 1
            } else {
                unstored.append((record.bucket, entry))
            }
        }
        // Slow cases are minimized last.
        let isLong = unstored.map { triage.isLong(index: $0.1.lowest) }
        for (number, (bucket, entry)) in unstored.enumerated() where !isLong[number] { insert(bucket, entry) }
        for (number, (bucket, entry)) in unstored.enumerated() where isLong[number] { insert(bucket, entry) }
        for hit in checkpoint.early where entries[hit.bucket] == nil { early[hit.bucket] = hit.index }
        for record in checkpoint.collateral where entries[record.bucket] == nil {
            guard let found = try? CaseFile.parse(record.text, file: record.bucket) else { continue }
            let kept = record.isStored ? try folder.stored(record.bucket)?.content : nil
            var stored = kept.map { describe($0, record.bucket, record.index, 0) }
            stored?.leadsTo = record.leadsTo
            collateral[record.bucket] = CollateralFinding(
                index: record.index, text: record.text, found: found, stored: stored)
        }
    }

    /// Subtracts the hits of a block that will be run again.
    func remove(_ hits: [BucketHit]) {
        for hit in hits {
            guard var entry = entries[hit.bucket] else { continue }
            entry.hits -= min(hit.count, entry.hits)
            entries[hit.bucket] = entry.hits == 0 ? nil : entry
        }
        let kept = queue.enumerated().filter { entries[$0.element] != nil }
        storedCount = kept.filter { $0.offset < storedCount }.count
        queue = kept.map(\.element)
        slidCount = 0
    }
}
