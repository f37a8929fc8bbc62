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
        let isHanging = Case.rule(of: bucket) == .hang
        let hasty = isHanging ? hasty(timeout: Self.patience) : hasty()
        var result = Minimizer(hasty).minimize(c, bucket: bucket)
        failure = failure ?? hasty.failure
        let findings = findings(of: result.smallest, against: result.smallest.target)
        result.smallest.report = report
        // What only seemed to hang is not what was looked for.
        if !findings.contains(where: { $0.bucket == bucket }) { result.smallest = c }
        return result
    }
}
