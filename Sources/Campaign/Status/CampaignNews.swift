import Foundation
import Fuzzing

/// Reports the events of a campaign to the user, to the log of a kept campaign, and to the command for findings.
final class CampaignNews {
    let status: CampaignStatus
    private let session: CampaignSession
    private let log: CampaignLog?
    private let command: FindingCommand?
    private var announcer = BucketAnnouncer()
    /// The buckets that were announced.
    private var seen: Set<String> = []
    /// The buckets whose minimized case was logged.
    private var stored: Set<String> = []
    /// The number of buckets at the last ``announce(_:cases:isQuiet:)``.
    private var lastCount = 0
    private var lastLogged = Date.distantPast
    private var lastShown = Date.distantPast
    /// The run time at which each bucket was first seen in this session.
    private var times: [String: Double] = [:]
    /// The number of findings with a group at the last report to the command.
    private var groupedCount = 0

    /// Makes the reporter of a campaign.
    ///
    /// - Parameters:
    ///   - state: the state folder, or `nil`
    ///   - status: the display for the user
    init(configuration: CampaignConfiguration, session: CampaignSession, state: StateFolder?, status: CampaignStatus) {
        self.session = session
        self.status = status
        log = state.map { CampaignLog(folder: $0.path) }
        command = session.command.map { command in
            FindingCommand(command.text, option: command.option, reported: Set(state?.checkpoint?.reported ?? [])) {
                status.note($0)
            }
        }
        // Includes `early`: a limit cut the last block short. It is run again, but its buckets are not new.
        if let before = state?.checkpoint {
            seen = Set(before.entries.map(\.bucket) + before.collateral.filter(\.isStored).map(\.bucket))
                .union(before.early.map(\.bucket))
            stored = Set(before.entries.filter(\.isStored).map(\.bucket))
        }
        status.update { progress in
            progress.caseLimit = configuration.cases.limit.map(configuration.cases.shard.count(below:))
            progress.timeLimit = session.time ?? configuration.budget.time
            progress.place = state?.path
        }
    }

    /// The buckets for which the command need not run in a later session.
    var reported: Set<String> { command?.reported ?? seen }

    /// Reports the start of the campaign.
    ///
    /// - Parameters:
    ///   - seconds: the run time of earlier sessions
    ///   - store: the findings of earlier sessions
    ///   - sample: called many times a second to measure workers, or `nil`
    /// - Throws: ``CampaignError`` if the log cannot be written
    func begin(
        _ arguments: [String], cases: UInt64, seconds: Double, _ store: BucketStore,
        sample: (@Sendable () -> Void)? = nil
    ) throws(CampaignError) {
        status.resume(after: seconds, cases: cases)
        let collateral = store.collateral.values.compactMap(\.stored)
        stored.formUnion(collateral.map(\.bucket))
        lastCount = store.count
        // An earlier session may have ended before it ran the command for all findings.
        report(store, isLast: false)
        let words = arguments.map(ShellText.word).joined(separator: " ")
        if cases == 0 {
            try log?.add(.start, words)
        } else {
            try log?.add(
                .resume, "after \(CountText.of(cases, "case")), \(CountText.of(store.count, "bucket")): \(words)")
        }
        session.metrics?.begin()
        status.begin(sample: sample)
    }

    /// Reports an event of the campaign itself, such as a killed worker.
    ///
    /// - Throws: ``CampaignError`` if the log cannot be written
    func note(_ text: String) throws(CampaignError) {
        status.note(text)
        try log?.add(.note, text)
    }

    /// Announces new buckets in order of index, and updates the status line.
    ///
    /// - Parameter isQuiet: true to leave the announcement to a later call
    /// - Throws: ``CampaignError`` if the log cannot be written
    /// - Complexity: O(1) without new buckets, else O(buckets)
    func announce(_ store: BucketStore, cases: UInt64, isQuiet: Bool = false) throws(CampaignError) {
        command?.step()
        let count = store.count
        if count != lastCount && !isQuiet {
            lastCount = count
            let new = store.seenBuckets.filter { !seen.contains($0.bucket) }
            for (bucket, index) in new.sorted(by: { ($0.index, $0.bucket) < ($1.index, $1.bucket) }) {
                try announce(bucket, at: index, in: store)
            }
        }
        status.update { progress in
            progress.cases = cases
            progress.buckets = count
        }
    }

    private func announce(_ bucket: String, at index: UInt64, in store: BucketStore) throws(CampaignError) {
        seen.insert(bucket)
        times[bucket] = status.seconds
        status.bucketFound()
        let isKnown = session.known.contains(bucket)
        let parts = [
            bucket + ",", "\(isKnown ? "known, " : "")at case \(index): \(Bucket.sentence(of: bucket)):",
            store.folder.file(of: bucket),
        ]
        try log?.add(.bucket, parts.joined(separator: " "))
        if !session.isQuiet && !isKnown && announcer.isShown(bucket) {
            status.note(["\(ProgressText.clock(status.seconds))  found \(parts[0])"] + parts.dropFirst())
        }
    }

    /// Updates the numbers of the screen and of the metrics if they are due.
    ///
    /// - Parameter make: makes the numbers without the buckets; it is called twice a second at most
    /// - Complexity: O(1) if they are not due, else O(buckets log buckets)
    func show(_ store: BucketStore, cases: UInt64, _ make: () -> CampaignSnapshot) {
        let now = Date()
        if now.timeIntervalSince(lastShown) < CampaignStatus.Interval.terminal { return }
        if !status.hasScreen && session.metrics == nil { return }
        lastShown = now
        var snapshot = make()
        snapshot.backlog = store.backlog
        snapshot.buckets = buckets(of: store)
        status.show(snapshot)
        session.metrics?.update(snapshot, seconds: status.seconds, cases: cases)
    }

    /// The buckets, the newest first.
    private func buckets(of store: BucketStore) -> [CampaignSnapshot.Bucket] {
        store.seenBuckets.map { bucket, _ in
            CampaignSnapshot.Bucket(
                name: bucket, hits: store.entries[bucket]?.hits ?? 1, seen: times[bucket],
                isKnown: session.known.contains(bucket))
        }.sorted { ($0.seen ?? -1, $1.name) > ($1.seen ?? -1, $0.name) }
    }

    /// Shows the bucket that is being minimized.
    func minimizing(_ bucket: String) {
        status.update { $0.activity = "minimizing \(Bucket.target(of: bucket)): \(Bucket.sentence(of: bucket))" }
    }

    /// Shows the number of findings left to minimize; `nil` if none is being minimized.
    func minimizing(left: Int?) {
        status.update { $0.activity = left.map { "minimizing \(CountText.of($0, "more bucket"))" } }
    }

    /// The urgency of ``logStored(_:_:)``.
    enum Urgency {
        /// At most once a second.
        case throttled
        case now
        /// Now, and the findings are final.
        case last
    }

    /// Logs the cases that are now on disk, and reports new groups to the command.
    ///
    /// - Throws: ``CampaignError`` if the log cannot be written
    func logStored(_ store: BucketStore, _ urgency: Urgency = .throttled) throws(CampaignError) {
        let now = Date()
        if urgency == .throttled && now.timeIntervalSince(lastLogged) < 1 { return }
        lastLogged = now
        for finding in store.findings where !stored.contains(finding.bucket) {
            stored.insert(finding.bucket)
            try log?.add(.stored, "\(finding.bucket): \(finding.sentence): \(finding.size): \(finding.file)")
        }
        report(store, isLast: urgency == .last)
        command?.step()
    }

    /// Passes each new group of findings to the command, unless all its buckets are known.
    ///
    /// A finding has no group until its minimized case has slid, or the campaign ends. If two groups are joined later,
    /// the command was run for both.
    ///
    /// - Complexity: O(findings log findings) when something has slid since the last call
    private func report(_ store: BucketStore, isLast: Bool) {
        guard let command else { return }
        let findings = store.findings
        let buckets = Set(findings.map(\.bucket))
        let collateral = store.collateral.values.compactMap(\.stored).filter { !buckets.contains($0.bucket) }
        let grouped = (findings + collateral).filter { isLast || $0.leadsTo != nil }
        if grouped.count == groupedCount && !isLast { return }
        groupedCount = grouped.count
        let found = Dictionary(grouped.map { ($0.bucket, $0) }, uniquingKeysWith: { one, _ in one })
        for group in FindingGroups.make(grouped) {
            guard var new = group.buckets.first(where: { !session.known.contains($0) }).flatMap({ found[$0] }) else {
                continue
            }
            new.isKnown = false
            command.add(new, of: group.buckets)
        }
    }

    /// Reports the end of the campaign and removes the status line.
    ///
    /// - Parameter patience: the longest wait for the command in seconds, or `nil` for the command's own limit
    /// - Throws: ``CampaignError`` if the log cannot be written
    func end(_ report: CampaignReport, why: String, patience: Double?) throws(CampaignError) {
        command?.finish(within: patience)
        session.metrics?.end()
        if !session.isQuiet { for line in announcer.rest { status.note(line) } }
        status.end()
        try log?.add(
            .end,
            "\(why) after \(CountText.of(report.cases, "case")) in \(Int(report.seconds.rounded())) s, "
                + "\(CountText.of(report.findings.count, "bucket"))")
    }

    /// Reports an error that ends the campaign.
    func fail(_ error: CampaignError) {
        status.end()
        // The error may be a full disk, so the log is optional.
        try? log?.add(.error, error.description)
    }

    /// The bucket of a block that ends the campaign: with `isUntilFound`, the new one with the lowest index.
    func end(by hits: [BucketHit], in store: BucketStore) -> String? {
        if !session.isUntilFound { return nil }
        return hits.filter { store.entries[$0.bucket] == nil && !session.known.contains($0.bucket) }
            .min { ($0.index, $0.bucket) < ($1.index, $1.bucket) }?.bucket
    }
}

extension BucketStore {
    /// All buckets with the lowest index of each, unordered.
    ///
    /// - Complexity: O(buckets)
    var seenBuckets: [(bucket: String, index: UInt64)] {
        entries.map { ($0.key, $0.value.lowest) } + early.map { ($0.key, $0.value) }
            + collateralFindings.map { ($0.key, $0.value.index) }
    }
}
