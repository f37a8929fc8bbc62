import Foundation
import Fuzzing

extension OutOfProcessJudge {
    /// The limits of the candidates of a case that hangs or exceeds the memory limit.
    ///
    /// A candidate that still does so costs that much. The minimized case then runs with the limits of the campaign.
    private static let costlyLimits = [
        BrokenRule.hang: CaseBudget(timeout: 0.2, memory: nil),
        .memory: CaseBudget(timeout: .infinity, memory: 128),
    ]

    /// The number of candidates that may hang or exceed the memory limit; the workers of the campaign need the time.
    private static let mostCostly = 25

    /// Minimizes a case within its bucket, and adds the sanitizer's report on the result; stops when it is late.
    package func minimize(_ c: Case, bucket: String) -> Minimizer.Result {
        let rule = Bucket.rule(of: bucket)
        let limits = rule.flatMap { Self.costlyLimits[$0] }
        let isCostly = limits != nil
        let fast = limits.map { self.fast($0) } ?? fast()
        fast.yields = isCostly
        let limit = MinimizerLimit(matches: isCostly ? Self.mostCostly : .max, isLate: isLate, progress: progress)
        var result = Minimizer(fast, limit: limit).minimize(c, bucket: bucket)
        failure = failure ?? fast.failure
        if isCostly {
            result.strays = result.strays.filter { stray in
                Bucket.rule(of: stray.key).map { Self.costlyLimits[$0] == nil } ?? true
            }
        }
        let findings = isLate() ? [] : findings(of: result.smallest, against: result.smallest.target)
        if isLate() {
            result.isInterrupted = true
            // A busy machine may have caused the timeout.
            if isCostly { result.smallest = c }
            if !isCostly, let finding = result.finding { result.smallest.describe(finding) }
            return result
        }
        result.smallest.report = report
        if let finding = findings.first(where: { $0.bucket == bucket }) {
            result.smallest.describe(finding)
        } else {
            result.smallest = c
        }
        return result
    }

    /// Replaces a minimized case by the smallest one in its bucket, or counts the smaller cases, none of which is in it.
    ///
    /// A case that ends or delays its process is left as it is.
    ///
    /// - Parameter limit: the largest number of smaller cases; if there are more, none is run
    package func proveSmallest(_ result: inout Minimizer.Result, bucket: String, limit: UInt64) {
        if result.isInterrupted || Bucket.rule(of: bucket)?.isDeadly != false { return }
        guard let search = search(below: result.smallest, limit: limit), search.isProven else { return }
        if let text = search.found {
            guard let found = try? CaseFile.parse(text, file: bucket) else { return }
            var smallest = Minimizer.finish(found, bucket, self)
            guard let finding = findings(of: smallest, against: smallest.target).first(where: { $0.bucket == bucket })
            else { return }
            smallest.describe(finding)
            smallest.report = report
            smallest.conditions = result.smallest.conditions
            result.smallest = smallest
        }
        result.smallerCases = search.tried - (search.found == nil ? 0 : 1)
    }

    /// The number of candidates of a slide that may end their process: one that hangs costs seconds.
    ///
    /// The limit counts cases, not seconds, so that a slide ends at the same case on any machine.
    private static let mostDeadly = 3

    /// Makes a minimized case smaller across buckets; stops when it is late.
    package func slide(_ c: Case, from bucket: String) -> CaseSlide.Result? {
        let fast = fast()
        var limit = MinimizerLimit(isLate: isLate)
        limit.deadly = Self.mostDeadly
        let result = CaseSlide(fast, limit: limit).slide(c, from: bucket)
        failure = failure ?? fast.failure
        return result
    }
}
