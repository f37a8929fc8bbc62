/// The result of one replayed case.
package struct ReplayVerdict: Sendable {
    /// How a case counts.
    package enum Outcome: Sendable, Hashable {
        /// Every target that was given the case passed, and at least one was.
        case passed
        case failed
        /// No target was given the case, for this reason; or it is one against a kernel, which was not asked.
        case notRun(String)
        /// The file or the program in it cannot be used.
        case notReadable(String)
    }

    /// A finding, or another difference from what the file says.
    package struct Failure: Sendable, Hashable {
        /// `nil` when the file itself is wrong.
        package var bucket: String?
        /// What is wrong, in one sentence without numbers; `nil` when the file itself is wrong.
        package var sentence: String?
        package var detail: String
    }

    package var outcome: Outcome
    package var failures: [Failure] = []
    /// What a sanitizer wrote, or `nil`.
    package var report: String?
    /// What the running kernel gave when nothing is wrong with it, or `nil`.
    package var note: String?
    /// The targets that were given the case, and why the others were not.
    package var given: [String] = []
    package var notGiven: [String: String] = [:]

    init(_ outcome: Outcome) { self.outcome = outcome }

    /// True if the case was run and judged.
    var isRun: Bool { outcome == .passed || outcome == .failed }
}
