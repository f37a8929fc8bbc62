import Fuzzing

/// The counters of a replay and the lines printed at its end.
package struct ReplaySummary: Encodable, Sendable {
    /// A failure of a case, for JSON.
    package struct Failure: Encodable, Sendable {
        package var file: String
        package var name: String?
        package var bucket: String?
        package var sentence: String?
        package var detail: String
        package var isKnown: Bool

        private enum CodingKeys: String, CodingKey {
            case file, name, bucket, sentence, detail
            case isKnown = "known"
        }
    }

    /// A reason why cases were not run, and their number.
    package struct Reason: Encodable, Sendable, Hashable {
        package var count: Int
        package var reason: String
    }

    /// The number of cases that a target ran, and the reasons for the others.
    package struct Target: Encodable, Sendable {
        package var name: String
        package var run: Int
        package var notRun: [Reason]

        private enum CodingKeys: String, CodingKey {
            case name, run
            case notRun = "not_run"
        }
    }

    package private(set) var passed = 0
    package private(set) var failed = 0
    /// The number of cases that fail only in known buckets.
    package private(set) var known = 0
    package private(set) var notRun = 0
    package private(set) var notReadable = 0
    package private(set) var failures: [Failure] = []
    /// The figures on the fixes of passed cases.
    package private(set) var fixes: [FixEvidence] = []
    /// The files that cannot be used, with the reasons.
    package private(set) var unreadable: [String] = []
    private var reasons: [String: Int] = [:]
    private var ranCounts: [String: Int] = [:]
    private var notRunReasons: [String: [String: Int]] = [:]
    /// The same for the cases that other targets ran.
    private var skipped: [String: [String: Int]] = [:]
    private let knownBuckets: KnownBuckets
    private let names: [String]

    /// - Parameters:
    ///   - targets: the names of the targets
    ///   - known: the buckets that do not count
    package init(targets: [String], known: KnownBuckets) {
        names = targets
        knownBuckets = known
    }

    /// Counts a case and returns the lines to print for it.
    package mutating func add(_ verdict: ReplayVerdict, of item: CaseSource.Item) -> [String] {
        for name in verdict.ran { ranCounts[name, default: 0] += 1 }
        for (name, reason) in verdict.notRun {
            notRunReasons[name, default: [:]][reason, default: 0] += 1
            // Otherwise the reason is counted with the case.
            if verdict.isRun { skipped[name, default: [:]][reason, default: 0] += 1 }
        }
        let name = (try? item.content.get())?.name ?? ""
        let label = name.isEmpty ? item.place : "\(item.place) (\(name))"
        switch verdict.outcome {
        case .passed:
            passed += 1
            if let fix = verdict.fix { fixes.append(fix) }
            return [verdict.note, verdict.fix?.text].compactMap { $0 }.map { "passed \(item.place): \($0)" }
        case .notRun(let reason):
            notRun += 1
            reasons[reason, default: 0] += 1
            return []
        case .notReadable(let reason):
            notReadable += 1
            unreadable.append(reason)
            return []
        case .failed:
            var lines: [String] = []
            var isKnown = true
            for failure in verdict.failures {
                let isKnownFailure = failure.bucket.map { knownBuckets.contains($0) } ?? false
                isKnown = isKnown && isKnownFailure
                let word = isKnownFailure ? "known" : "FAILED"
                let exact = failure.sentence.map { "\($0) (\(failure.detail))" } ?? failure.detail
                let what = (failure.bucket.map { $0 + ": " } ?? "") + exact
                lines.append("\(word) \(label): \(what)")
                failures.append(
                    Failure(
                        file: item.place, name: name.isEmpty ? nil : name, bucket: failure.bucket,
                        sentence: failure.sentence, detail: failure.detail, isKnown: isKnownFailure))
            }
            if let report = verdict.report { lines.append("FAILED \(label): \(report)") }
            if isKnown { known += 1 } else { failed += 1 }
            return lines
        }
    }

    /// The reasons for which cases were not run, the most frequent first.
    package var reasonsNotRun: [Reason] { Self.sorted(reasons) }

    /// The targets in the order of their names on the command line.
    package var targets: [Target] {
        let others = Set(ranCounts.keys).union(notRunReasons.keys).subtracting(names).sorted()
        return (names + others).map { name in
            Target(name: name, run: ranCounts[name] ?? 0, notRun: Self.sorted(notRunReasons[name] ?? [:]))
        }.filter { $0.run > 0 || !$0.notRun.isEmpty }
    }

    private static func sorted(_ counts: [String: Int]) -> [Reason] {
        counts.map { Reason(count: $0.value, reason: $0.key) }.sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
    }

    /// The lines before the last: the reasons why cases were not run, and the targets that skipped cases of others.
    package var lines: [String] {
        var lines = reasonsNotRun.map { "not run: \($0.count): \($0.reason)" }
        for target in targets where target.run > 0 {
            lines += Self.sorted(skipped[target.name] ?? [:]).filter { !SkipReason.isOfCase($0.reason) }
                .map {
                    "not run by \(target.name): \($0.count) of the cases that were run: \(target.name) \($0.reason)"
                }
        }
        return lines
    }

    /// The last line; it always has all five counts.
    package var lastLine: String {
        "\(passed) passed, \(failed) failed, \(known) known, \(notRun) not run, \(notReadable) not readable"
    }

    /// A sentence for each target that ran no case although there was one for it.
    package var idle: [String] {
        var sentences = targets.filter { target in
            target.run == 0 && target.notRun.contains { !SkipReason.isOfCase($0.reason) }
        }.map { target in
            let reasons = target.notRun.map { "\($0.reason) (\($0.count))" }.joined(separator: "; ")
            return "\(target.name) ran no case: \(reasons)"
        }
        // A case that the rules refuse has been checked by them.
        let isChecked = reasons[SkipReason.malformed] != nil
        if sentences.isEmpty && passed + failed + known == 0 && notRun > 0 && !isChecked {
            sentences.append("nothing was run: " + reasonsNotRun.map(\.reason).joined(separator: "; "))
        }
        return sentences
    }

    private enum CodingKeys: String, CodingKey {
        case passed, failed, known, failures, fixes, reasons, targets
        case notRun = "not_run"
        case notReadable = "not_readable"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(passed, forKey: .passed)
        try container.encode(failed, forKey: .failed)
        try container.encode(known, forKey: .known)
        try container.encode(notRun, forKey: .notRun)
        try container.encode(notReadable, forKey: .notReadable)
        try container.encode(reasonsNotRun, forKey: .reasons)
        try container.encode(targets, forKey: .targets)
        try container.encode(failures, forKey: .failures)
        try container.encode(fixes, forKey: .fixes)
    }
}
