/// The result of one replayed case.
package struct ReplayVerdict: Sendable {
    /// The counter of a case.
    package enum Outcome: Sendable, Hashable {
        /// At least one target ran the case, and all that ran it passed.
        case passed
        case failed
        /// No target ran the case, for this reason; or it is a kernel case, and no kernel was used.
        case notRun(String)
        /// The file or the program in it cannot be used.
        case notReadable(String)
    }

    /// A finding, or another difference from the file.
    package struct Failure: Sendable, Hashable {
        /// `nil` if the file itself is wrong.
        package var bucket: String?
        /// The fault in one sentence without numbers; `nil` if the file itself is wrong.
        package var sentence: String?
        package var detail: String
    }

    package var outcome: Outcome
    package var failures: [Failure] = []
    /// The sanitizer's report, or `nil`.
    package var report: String?
    /// A remark on a passed kernel case, or `nil`.
    package var note: String?
    /// The figures on the fix of a passed case, or `nil`.
    package var fix: FixEvidence?
    /// The targets that ran the case.
    package var ran: [String] = []
    /// The reasons why other targets did not run it, by name.
    package var notRun: [String: String] = [:]

    init(_ outcome: Outcome) { self.outcome = outcome }

    /// True if the case was run and judged.
    var isRun: Bool { outcome == .passed || outcome == .failed }
}
