import Fuzzing

extension BucketStore {
    /// What a checkpoint has of the buckets, in the order in which they were first seen.
    ///
    /// - Complexity: O(buckets)
    func records(seed: UInt64) -> (entries: [Checkpoint.Entry], strays: [Checkpoint.CollateralFinding]) {
        var records: [Checkpoint.Entry] = []
        for (place, bucket) in queue.enumerated() {
            guard let entry = entries[bucket] else { continue }
            records.append(
                Checkpoint.Entry(
                    bucket: bucket, firsts: [FirstHit(seed: seed, index: entry.lowest)],
                    hits: entry.hits, isStored: place < storedCount, leadsTo: entry.stored?.leadsTo))
        }
        let met = strays.sorted { $0.key < $1.key }.map { bucket, stray in
            Checkpoint.CollateralFinding(
                bucket: bucket, index: stray.index, text: stray.text, isStored: stray.stored != nil,
                leadsTo: stray.stored?.leadsTo)
        }
        return (records, met)
    }

    /// What a checkpoint has of the buckets whose block was not counted yet, by name.
    ///
    /// - Complexity: O(buckets log buckets)
    var earlyHits: [EarlyHit] { early.sorted { $0.key < $1.key }.map { EarlyHit(bucket: $0.key, index: $0.value) } }

    /// Goes on from a checkpoint; a finding whose file is not there any more is made again.
    ///
    /// - Throws: ``CampaignError`` when a file that is no case cannot be put aside
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
        // Long ones wait for the others.
        let isLong = unstored.map { triage.isLong(index: $0.1.lowest) }
        for (number, (bucket, entry)) in unstored.enumerated() where !isLong[number] { insert(bucket, entry) }
        for (number, (bucket, entry)) in unstored.enumerated() where isLong[number] { insert(bucket, entry) }
        for hit in checkpoint.early where entries[hit.bucket] == nil { early[hit.bucket] = hit.index }
        for stray in checkpoint.strays where entries[stray.bucket] == nil {
            guard let found = try? CaseFile.parse(stray.text, file: stray.bucket) else { continue }
            let kept = stray.isStored ? try folder.stored(stray.bucket)?.content : nil
            var stored = kept.map { describe($0, stray.bucket, stray.index, 0) }
            stored?.leadsTo = stray.leadsTo
            strays[stray.bucket] = CollateralFinding(index: stray.index, text: stray.text, found: found, stored: stored)
        }
    }

    /// Takes back what was seen in a block that is to be run again.
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
