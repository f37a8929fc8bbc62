import Fuzzing

/// Makes the cases of a campaign again, one by one, and judges and minimizes them.
package protocol FindingTriage: AnyObject {
    /// Makes the case of an index once more.
    func makeCase(index: UInt64) -> Case

    /// Adds to a case what was seen of it, where a look at the case itself tells that; it takes no time worth counting.
    func completed(_ c: Case, bucket: String) -> Case

    /// True if the case of an index takes as long as many others, so that it is minimized after them.
    func isLong(index: UInt64) -> Bool

    /// What is wrong with a case, when it is run by itself.
    ///
    /// - Parameter target: the only target to query, or `nil` for all; one that is no target of this is `nil` too
    func findings(of c: Case, against target: String?) -> [Finding]

    /// Minimizes a case within its bucket.
    func minimize(_ c: Case, bucket: String) -> Minimizer.Result

    /// Makes a minimized case smaller across buckets; `nil` when its bucket is one that cannot be left.
    func slide(_ c: Case, from bucket: String) -> CaseSlide.Result?

    /// Whether a case of a bucket may be run again, now that it is known what comes of it.
    func canRunAgain(_ bucket: String) -> Bool

    /// Queried before each candidate and while an answer is awaited: true when there is no time to go on.
    ///
    /// What is then said of a case is worth nothing. The campaign does its other work in here meanwhile.
    var isLate: () -> Bool { get set }

    /// Told of each candidate before it is run.
    var progress: (MinimizerProgress) -> Void { get set }

    /// Why no more judgements come, or `nil`.
    var failure: CampaignError? { get }
}

extension FindingTriage {
    func completed(_ c: Case, bucket: String) -> Case { c }
    func isLong(index: UInt64) -> Bool { false }

    /// What is wrong with a case against any target, when it is run by itself.
    package func findings(of c: Case) -> [Finding] { findings(of: c, against: nil) }
}
