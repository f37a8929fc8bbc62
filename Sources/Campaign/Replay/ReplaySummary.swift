import Fuzzing

/// The counts of a replay, and what it says in the end.
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

    /// Why cases were not run, and how many.
    package struct Reason: Encodable, Sendable, Hashable {
        package var count: Int
        package var reason: String
    }

    /// How many cases a target was given, and why not the others.
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
    /// How many cases fail in known buckets alone.
    package private(set) var known = 0
    package private(set) var notRun = 0
    package private(set) var notReadable = 0
    package private(set) var failures: [Failure] = []
    /// The files that cannot be used, and why.
    package private(set) var unreadable: [String] = []
    private var reasons: [String: Int] = [:]
    private var given: [String: Int] = [:]
    private var notGiven: [String: [String: Int]] = [:]
    /// The same of the cases that others were given.
    private var skipped: [String: [String: Int]] = [:]
    private let knownBuckets: KnownBuckets
    private let names: [String]

    /// - Parameters:
    ///   - targets: the names of the patchers that cases are run through
    ///   - known: the buckets that do not count
    package init(targets: [String], known: KnownBuckets) {
        names = targets
        knownBuckets = known
    }

    /// Counts a case and returns the lines to print for it.
    package mutating func add(_ verdict: ReplayVerdict, of item: CaseSource.Item) -> [String] {
        for name in verdict.given { given[name, default: 0] += 1 }
        for (name, reason) in verdict.notGiven {
            notGiven[name, default: [:]][reason, default: 0] += 1
            // Otherwise the reason is counted with the case.
            if verdict.isRun { skipped[name, default: [:]][reason, default: 0] += 1 }
        }
        let name = (try? item.content.get())?.name ?? ""
        let label = name.isEmpty ? item.place : "\(item.place) (\(name))"
        switch verdict.outcome {
        case .passed:
            passed += 1
            return verdict.note.map { ["passed \(item.place): \($0)"] } ?? []
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

    /// The targets in the order in which they were named.
    package var targets: [Target] {
        let others = Set(given.keys).union(notGiven.keys).subtracting(names).sorted()
        return (names + others).map { name in
            Target(name: name, run: given[name] ?? 0, notRun: Self.sorted(notGiven[name] ?? [:]))
        }.filter { $0.run > 0 || !$0.notRun.isEmpty }
    }

    private static func sorted(_ counts: [String: Int]) -> [Reason] {
        counts.map { Reason(count: $0.value, reason: $0.key) }.sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
    }

    /// The lines before the last: why cases were not run, and which targets were not given cases that others were.
    package var lines: [String] {
        var lines = reasonsNotRun.map { "not run: \($0.count): \($0.reason)" }
        for target in targets where target.run > 0 {
            lines += Self.sorted(skipped[target.name] ?? [:]).filter { !SparingReason.isOfCase($0.reason) }
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

    /// The targets that were given no case although there was something to give, each with a sentence.
    package var idle: [String] {
        var sentences = targets.filter { target in
            target.run == 0 && target.notRun.contains { !SparingReason.isOfCase($0.reason) }
        }.map { target in
            let reasons = target.notRun.map { "\($0.reason) (\($0.count))" }.joined(separator: "; ")
            return "\(target.name) was given no case: \(reasons)"
        }
        // What the rules refuse has been checked by them.
        let isChecked = reasons[SparingReason.malformed] != nil
        if sentences.isEmpty && passed + failed + known == 0 && notRun > 0 && !isChecked {
            sentences.append("nothing was run: " + reasonsNotRun.map(\.reason).joined(separator: "; "))
        }
        return sentences
    }

    private enum CodingKeys: String, CodingKey {
        case passed, failed, known, failures, reasons, targets
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
    }
}
