import Foundation
import Fuzzing

/// What becomes known while a campaign runs, told where it belongs: to the user, to the log of a kept campaign, and to the
/// command for findings.
final class CampaignNews {
    let status: CampaignStatus
    private let session: CampaignSession
    private let log: CampaignLog?
    private let command: FindingCommand?
    private var announcer = BucketAnnouncer()
    /// The buckets that have been told of.
    private var seen: Set<String> = []
    /// The buckets whose case is on disk, as far as that has been told.
    private var stored: Set<String> = []
    /// How many buckets there were when they were last looked at.
    private var lastCount = 0
    private var lastLook = Date.distantPast
    /// How many findings had a group when groups were last looked at.
    private var groupedCount = 0

    /// - Parameters:
    ///   - state: where the campaign is kept, if it is
    ///   - status: shows it to the user
    init(configuration: CampaignConfiguration, session: CampaignSession, state: StateFolder?, status: CampaignStatus) {
        self.session = session
        self.status = status
        log = state.map { CampaignLog(folder: $0.path) }
        command = session.command.map { command in
            FindingCommand(command.text, option: command.option, reported: Set(state?.checkpoint?.reported ?? [])) {
                status.note($0)
            }
        }
        // Also those of a block that is run again, since an earlier limit has cut it short.
        if let before = state?.checkpoint {
            seen = Set(before.entries.map(\.bucket) + before.strays.filter(\.isStored).map(\.bucket))
                .union(before.early.map(\.bucket))
            stored = Set(before.entries.filter(\.isStored).map(\.bucket))
        }
        status.update { progress in
            progress.caseLimit = configuration.cases.limit.map(configuration.cases.shard.count(below:))
            progress.timeLimit = session.time ?? configuration.budget.time
            progress.place = state?.path
        }
    }

    /// The buckets that need not be reported to a command again; without a command none has to be.
    var reported: Set<String> { command?.reported ?? seen }

    /// Tells of the beginning.
    ///
    /// - Parameters:
    ///   - seconds: how long the campaign has run before
    ///   - ledger: what it has found before
    /// - Throws: ``CampaignError`` when the log cannot be written
    func begin(
        _ arguments: [String], cases: UInt64, seconds: Double, _ ledger: BucketStore
    ) throws(CampaignError) {
        status.resume(after: seconds, cases: cases)
        let strays = ledger.strays.values.compactMap(\.stored)
        stored.formUnion(strays.map(\.bucket))
        lastCount = ledger.count
        // A command may not have been run for all of them.
        report(ledger, isLast: false)
        let words = arguments.map(ShellText.word).joined(separator: " ")
        if cases == 0 {
            try log?.add(.start, words)
        } else {
            try log?.add(
                .resume, "after \(CountText.of(cases, "case")), \(CountText.of(ledger.count, "bucket")): \(words)")
        }
        status.begin()
    }

    /// Tells of something that happened to the campaign itself.
    ///
    /// - Throws: ``CampaignError`` when the log cannot be written
    func note(_ text: String) throws(CampaignError) {
        status.note(text)
        try log?.add(.note, text)
    }

    /// Tells of buckets that have not been seen before, in order of index.
    ///
    /// - Parameter isQuiet: whether that is left for a later call
    /// - Throws: ``CampaignError`` when the log cannot be written
    /// - Complexity: O(1) when there are none, else O(buckets)
    func look(at ledger: BucketStore, cases: UInt64, isQuiet: Bool = false) throws(CampaignError) {
        command?.step()
        let count = ledger.count
        if count != lastCount && !isQuiet {
            lastCount = count
            let new = ledger.seenBuckets.filter { !seen.contains($0.bucket) }
            for (bucket, index) in new.sorted(by: { ($0.index, $0.bucket) < ($1.index, $1.bucket) }) {
                try tell(of: bucket, at: index, in: ledger)
            }
        }
        status.update { progress in
            progress.cases = cases
            progress.buckets = count
        }
    }

    private func tell(of bucket: String, at index: UInt64, in ledger: BucketStore) throws(CampaignError) {
        seen.insert(bucket)
        status.noteBucket()
        let isKnown = session.known.contains(bucket)
        let parts = [
            bucket + ",", "\(isKnown ? "known, " : "")at case \(index): \(Bucket.sentence(of: bucket)):",
            ledger.folder.file(of: bucket),
        ]
        try log?.add(.bucket, parts.joined(separator: " "))
        if !isKnown && announcer.isShown(bucket) {
            status.note(["\(ProgressText.clock(status.seconds))  found \(parts[0])"] + parts.dropFirst())
        }
    }

    /// Says which bucket is being minimized.
    func minimizing(_ bucket: String) {
        status.update { $0.activity = "minimizing \(Bucket.target(of: bucket)): \(Bucket.sentence(of: bucket))" }
    }

    /// Says that nothing is being minimized, or how many findings are left for that.
    func minimizing(left: Int?) {
        status.update { $0.activity = left.map { "minimizing \(CountText.of($0, "more bucket"))" } }
    }

    /// When ``lookAtStored(_:_:)`` does anything.
    enum Look {
        /// Once a second at most.
        case seldom
        /// Now.
        case now
        /// Now, and nothing more will be known of the findings.
        case last
    }

    /// Tells of cases that are on disk now.
    ///
    /// - Throws: ``CampaignError`` when the log cannot be written
    func lookAtStored(_ ledger: BucketStore, _ look: Look = .seldom) throws(CampaignError) {
        let now = Date()
        if look == .seldom && now.timeIntervalSince(lastLook) < 1 { return }
        lastLook = now
        for finding in ledger.findings where !stored.contains(finding.bucket) {
            stored.insert(finding.bucket)
            try log?.add(.stored, "\(finding.bucket): \(finding.sentence): \(finding.size): \(finding.file)")
        }
        report(ledger, isLast: look == .last)
        command?.step()
    }

    /// Hands each new group of findings to the command, unless all of it is known.
    ///
    /// A finding belongs to no group until its minimized case has slid, or the campaign ends. Two groups that turn out to be
    /// one later have been handed over as two.
    ///
    /// - Complexity: O(findings log findings) when something has slid since the last call
    private func report(_ ledger: BucketStore, isLast: Bool) {
        guard let command else { return }
        let findings = ledger.findings
        let buckets = Set(findings.map(\.bucket))
        let strays = ledger.strays.values.compactMap(\.stored).filter { !buckets.contains($0.bucket) }
        let grouped = (findings + strays).filter { isLast || $0.leadsTo != nil }
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

    /// Tells of the end of a campaign; the line that shows how it goes is gone after this.
    ///
    /// - Parameter patience: how long to wait for the command, in seconds; `nil` for as long as it may take
    /// - Throws: ``CampaignError`` when the log cannot be written
    func end(_ report: CampaignReport, why: String, patience: Double?) throws(CampaignError) {
        command?.finish(within: patience)
        for line in announcer.rest { status.note(line) }
        status.end()
        try log?.add(
            .end,
            "\(why) after \(CountText.of(report.cases, "case")) in \(Int(report.seconds.rounded())) s, "
                + "\(CountText.of(report.findings.count, "bucket"))")
    }

    /// Tells of an error that ends the campaign.
    func fail(_ error: CampaignError) {
        status.end()
        // The error may be that nothing can be written.
        try? log?.add(.error, error.description)
    }

    /// The bucket that ends a campaign which runs until something is found: of those that a block adds and that are not
    /// known, the one with the lowest index.
    func end(by hits: [BucketHit], in ledger: BucketStore) -> String? {
        if !session.isUntilFound { return nil }
        return hits.filter { ledger.entries[$0.bucket] == nil && !session.known.contains($0.bucket) }
            .min { ($0.index, $0.bucket) < ($1.index, $1.bucket) }?.bucket
    }
}

extension BucketStore {
    /// All buckets that were seen, with the index at which they were first seen, in no order.
    ///
    /// - Complexity: O(buckets)
    var seenBuckets: [(bucket: String, index: UInt64)] {
        entries.map { ($0.key, $0.value.lowest) } + early.map { ($0.key, $0.value) }
            + strayFindings.map { ($0.key, $0.value.index) }
    }
}
