import Fuzzing

extension SacrificedJudge {
    /// How long a candidate may take that is to hang like the case it was made of.
    ///
    /// Each of hundreds is waited for this long; the smallest is then given all its time.
    ///
    /// - Units: seconds
    private static let patience = 0.2

    /// Shrinks a case within its bucket, and adds what a sanitizer says of the smallest.
    public func shrink(_ c: Case, bucket: String) -> Minimizer.Result {
        let isHanging = Bucket.rule(of: bucket) == .hang
        let hasty = isHanging ? hasty(timeout: Self.patience) : hasty()
        var result = Minimizer(hasty).minimize(c, bucket: bucket)
        failure = failure ?? hasty.failure
        let findings = findings(of: result.smallest, against: result.smallest.target)
        result.smallest.report = report
        // What only seemed to hang is not what was looked for.
        if let finding = findings.first(where: { $0.bucket == bucket }) {
            result.smallest.describe(finding)
        } else {
            result.smallest = c
        }
        return result
    }

    /// How many candidates of a slide may end their process: one that hangs costs seconds.
    ///
    /// Cases are counted and not seconds, so that the same cases end the same slide on any machine.
    private static let mostDeadly = 3

    /// Makes a minimized case smaller across buckets; an interrupt ends that.
    public func slide(_ c: Case, from bucket: String) -> CaseSlide.Result? {
        let hasty = hasty()
        var limit = Minimizer.Limit { Interrupt.isRequested }
        limit.deadly = Self.mostDeadly
        let result = CaseSlide(hasty, limit: limit).slide(c, from: bucket)
        failure = failure ?? hasty.failure
        return result
    }
}
