import Foundation
import Fuzzing

/// What becomes known while a campaign runs, told where it belongs: to the user, to the log of a kept campaign, and to the
/// command of `--on-finding`.
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

    /// - Parameters:
    ///   - state: where the campaign is kept, if it is
    ///   - status: shows it to the user
    init(settings: CampaignSettings, session: CampaignSession, state: StateFolder?, status: CampaignStatus) {
        self.session = session
        self.status = status
        log = state.map { CampaignLog(folder: $0.path) }
        command = session.command.map { text in
            FindingCommand(text, reported: Set(state?.checkpoint?.reported ?? [])) { status.note($0) }
        }
        // Also those of a block that is run again, since an earlier limit has cut it short.
        if let before = state?.checkpoint {
            seen = Set(before.entries.map(\.bucket) + before.strays.filter(\.isStored).map(\.bucket))
                .union(before.early.map(\.bucket))
            stored = Set(before.entries.filter(\.isStored).map(\.bucket))
        }
        status.update { progress in
            progress.caseLimit = settings.cases.map(settings.shard.count(below:))
            progress.timeLimit = settings.time
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
        _ arguments: [String], cases: UInt64, seconds: Double, _ ledger: FindingLedger
    ) throws(CampaignError) {
        status.resume(after: seconds, cases: cases)
        let strays = ledger.strays.values.compactMap(\.stored)
        stored.formUnion(strays.map(\.bucket))
        lastCount = ledger.count
        // A command may not have been run for all of them.
        for finding in ledger.findings + strays { report(finding) }
        let words = arguments.map(\.shellQuoted).joined(separator: " ")
        if cases == 0 {
            try log?.add(.start, words)
        } else {
            try log?.add(
                .resume, "after \(CountText.of(cases, "case")), \(CountText.of(ledger.count, "finding")): \(words)")
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
    /// - Throws: ``CampaignError`` when the log cannot be written
    /// - Complexity: O(1) when there are none, else O(buckets)
    func look(at ledger: FindingLedger, cases: UInt64) throws(CampaignError) {
        command?.step()
        let count = ledger.count
        if count != lastCount {
            lastCount = count
            let new = ledger.seenBuckets.filter { !seen.contains($0.bucket) }
            for (bucket, index) in new.sorted(by: { ($0.index, $0.bucket) < ($1.index, $1.bucket) }) {
                try tell(of: bucket, at: index, in: ledger)
            }
        }
        status.update { progress in
            progress.cases = cases
            progress.findings = count
        }
    }

    private func tell(of bucket: String, at index: UInt64, in ledger: FindingLedger) throws(CampaignError) {
        seen.insert(bucket)
        status.noteBucket()
        let isKnown = session.known.contains(bucket)
        let text = "\(bucket), \(isKnown ? "known, " : "")at case \(index): \(ledger.folder.file(of: bucket))"
        try log?.add(.bucket, text)
        if !isKnown && announcer.isShown(bucket) {
            status.note("\(ProgressText.clock(status.seconds))  found \(text)")
        }
    }

    /// Says what is being minimized, if anything.
    func minimizing(_ what: String?) { status.update { $0.activity = what.map { "minimizing " + $0 } } }

    /// Tells of cases that are on disk now.
    ///
    /// - Parameter isLast: whether there is nothing to wait for; otherwise this looks once a second at most
    /// - Throws: ``CampaignError`` when the log cannot be written
    func lookAtStored(_ ledger: FindingLedger, isLast: Bool = false) throws(CampaignError) {
        let now = Date()
        if !isLast && now.timeIntervalSince(lastLook) < 1 { return }
        lastLook = now
        for finding in ledger.findings where !stored.contains(finding.bucket) {
            stored.insert(finding.bucket)
            try log?.add(.stored, "\(finding.bucket): \(finding.size): \(finding.file)")
            report(finding)
        }
        command?.step()
    }

    /// Hands a finding to the command, unless it is known.
    private func report(_ finding: StoredFinding) {
        if session.known.contains(finding.bucket) { return }
        var new = finding
        new.isKnown = false
        command?.add(new)
    }

    /// Tells of the end of a campaign; the line that shows how it goes is gone after this.
    ///
    /// - Throws: ``CampaignError`` when the log cannot be written
    func end(_ report: CampaignReport, why: String) throws(CampaignError) {
        command?.finish()
        for line in announcer.rest { status.note(line) }
        status.end()
        try log?.add(
            .end,
            "\(why) after \(CountText.of(report.cases, "case")) in \(Int(report.seconds.rounded())) s, "
                + "\(CountText.of(report.findings.count, "finding"))")
    }

    /// Tells of an error that ends the campaign.
    func fail(_ error: CampaignError) {
        status.end()
        // The error may be that nothing can be written.
        try? log?.add(.error, error.description)
    }

    /// The bucket that ends a campaign which runs until something is found: of those that a block adds and that are not
    /// known, the one with the lowest index.
    func end(by sightings: [Sighting], in ledger: FindingLedger) -> String? {
        if !session.isUntilFound { return nil }
        return sightings.filter { ledger.entries[$0.bucket] == nil && !session.known.contains($0.bucket) }
            .min { ($0.index, $0.bucket) < ($1.index, $1.bucket) }?.bucket
    }
}

extension FindingLedger {
    /// All buckets that were seen, with the index at which they were first seen, in no order.
    ///
    /// - Complexity: O(buckets)
    var seenBuckets: [(bucket: String, index: UInt64)] {
        entries.map { ($0.key, $0.value.lowest) } + early.map { ($0.key, $0.value) }
            + strayFindings.map { ($0.key, $0.value.index) }
    }
}
