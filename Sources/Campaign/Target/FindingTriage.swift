import Fuzzing

/// Generates single cases of a campaign again, and judges and minimizes them.
package protocol FindingTriage: AnyObject {
    /// The process that judges the cases.
    var judge: OutOfProcessJudge { get }

    /// Generates the case of an index again.
    func makeCase(index: UInt64) -> Case

    /// Adds the observations of a case that cost almost no time.
    func completed(_ c: Case, bucket: String) -> Case

    /// Returns true if the case of an index takes as long as many others, so that it is minimized after them.
    func isLong(index: UInt64) -> Bool

    /// The findings of a case that is run alone.
    ///
    /// - Parameter target: the only target to run; `nil` or an unknown name for all
    func findings(of c: Case, against target: String?) -> [Finding]

    /// Minimizes a case within its bucket.
    func minimize(_ c: Case, bucket: String) -> Minimizer.Result

    /// Makes a minimized case smaller across buckets; `nil` if the case must stay in its bucket.
    func slide(_ c: Case, from bucket: String) -> CaseSlide.Result?

    /// Returns true if a case of a bucket can be run again without harm.
    func isSafeToRerun(_ bucket: String) -> Bool
}

extension FindingTriage {
    func completed(_ c: Case, bucket: String) -> Case { c }
    func isLong(index: UInt64) -> Bool { false }

    /// The findings of a case against any target, when it is run alone.
    package func findings(of c: Case) -> [Finding] { findings(of: c, against: nil) }

    /// Called before each candidate and while an answer is awaited: returns true if there is no time left.
    ///
    /// Findings after that are not reliable. The campaign does its other work in this call.
    package var isLate: () -> Bool {
        get { judge.isLate }
        set { judge.isLate = newValue }
    }

    /// Called with each candidate before it runs.
    package var progress: (MinimizerProgress) -> Void {
        get { judge.progress }
        set { judge.progress = newValue }
    }

    /// The error after which there are no verdicts, or `nil`.
    package var failure: CampaignError? { judge.failure }
}
