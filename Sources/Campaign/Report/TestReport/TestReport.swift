import Foundation

/// The outcome of a command as test results: the input of every ``ReportFormat``.
package struct TestReport: Sendable {
    /// The command without its options, as `kernel run`.
    package var command: String
    /// The counts of the command, in one sentence.
    package var summary: String
    /// Numbers and versions that describe the run, in printing order.
    package var facts: [Fact] = []
    package var began = Date()
    /// The run time.
    ///
    /// - Units: seconds
    package var seconds = 0.0
    /// The command that repeats the run, quoted for a shell, or `nil`.
    package var repeating: String?
    package var results: [TestResult] = []
    /// The reasons why the harness could not do all of its work, a sentence for each.
    package var failures: [String] = []
    /// The JSON object of `--json`.
    package var json = "{}"
    /// The campaign, for its tables; `nil` for other commands.
    package var campaign: CampaignReport?
    /// The progress over time, the oldest point first; empty if unknown.
    package var history: [HistoryPoint] = []
    /// A remark on the age of the numbers, or `nil`.
    package var remark: String?
    /// True if formats follow the kernel's kselftest, where a run that tests nothing is a skip.
    package var isKselftest = false

    /// A name and a value.
    package struct Fact: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(command: String, summary: String) {
        self.command = command
        self.summary = summary
    }

    /// The report of a command that failed before it had a result.
    package init(command: String, failure: String, began: Date = Date()) {
        self.init(command: command, summary: "the harness could not do its work")
        self.began = began
        failures = [failure]
    }

    /// All findings, known ones included.
    package var faults: [TestFault] { results.flatMap(\.faults) }

    /// The findings by probable cause: the smallest of each cause, and the others.
    var causes: [(first: TestFault, others: [TestFault])] {
        var rest = faults
        var causes: [(first: TestFault, others: [TestFault])] = []
        for group in campaign?.groups ?? [] {
            let members = group.buckets.compactMap { bucket in rest.first { $0.bucket == bucket } }
            guard let first = members.first else { continue }
            let names = Set(group.buckets)
            rest.removeAll { fault in fault.bucket.map(names.contains) ?? false }
            causes.append((first, Array(members.dropFirst())))
        }
        return causes + rest.map { ($0, []) }
    }

    /// The number of results with an outcome.
    func count(_ outcome: TestResult.Outcome) -> Int { results.count { $0.outcome == outcome } }

    /// The name and version of this program.
    static let program = "bpf-patch-fuzz \(Version.text)"
}

/// One test: a target of a campaign, a case file, or a program of an object.
package struct TestResult: Sendable {
    /// The outcome of a test.
    package enum Outcome: Sendable {
        case passed, failed, skipped, error
        /// All findings are in the list of known buckets.
        case known
    }

    package var name: String
    package var faults: [TestFault] = []
    /// The reason why the test was not run, or `nil`.
    package var skipped: String?
    /// The reason why the test could not be run although it should, or `nil`.
    package var error: String?

    package init(_ name: String, faults: [TestFault] = [], skipped: String? = nil, error: String? = nil) {
        self.name = name
        self.faults = faults
        self.skipped = skipped
        self.error = error
    }

    package var outcome: Outcome {
        if faults.contains(where: { !$0.isKnown }) { return .failed }
        if error != nil { return .error }
        if !faults.isEmpty { return .known }
        return skipped == nil ? .passed : .skipped
    }
}

/// One finding of a test.
package struct TestFault: Sendable {
    /// The bucket; `nil` if a file contradicts the rules.
    package var bucket: String?
    package var target: String
    /// The fault, in one sentence without numbers.
    package var sentence: String
    /// The expected and the actual value, if known.
    package var detail: String?
    /// The file of the case, or `nil`.
    package var file: String?
    /// True if the bucket is in the list of known buckets.
    package var isKnown = false
    /// The first occurrence, in words, or `nil`.
    package var since: String?
    /// The command that repeats the finding, quoted for a shell, or `nil`.
    package var repeating: String?
    /// The text of the case, or the instructions around the place; `nil` if it was not read.
    package var listing: String?
    /// The drawn case as HTML, or `nil`.
    package var picture: String?

    package init(bucket: String?, target: String, sentence: String) {
        self.bucket = bucket
        self.target = target
        self.sentence = sentence
    }

    /// The name of the finding: its bucket, or its sentence.
    var name: String { bucket ?? sentence }

    /// The sentence and the detail.
    var text: String { detail.map { "\(sentence); \($0)" } ?? sentence }
}
