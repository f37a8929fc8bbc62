import Foundation
import Fuzzing

extension OutOfProcessJudge {
    /// What a candidate may take that is to hang, or to take memory without an end, like the case it was made of.
    ///
    /// That much is spent on each that does; the smallest is then given all that the campaign gives.
    private static let dear = [
        BrokenRule.hang: CaseBudget(timeout: 0.2, memory: nil),
        .memory: CaseBudget(timeout: .infinity, memory: 128),
    ]

    /// How many candidates may hang, or take memory without an end: what they take, the workers of the campaign have less.
    private static let mostDear = 25

    /// Minimizes a case within its bucket, and adds what a sanitizer says of the smallest; it ends when it is late.
    package func minimize(_ c: Case, bucket: String) -> Minimizer.Result {
        let rule = Bucket.rule(of: bucket)
        let dear = rule.flatMap { Self.dear[$0] }
        let isDear = dear != nil
        let hasty = dear.map { self.hasty($0) } ?? hasty()
        hasty.yields = isDear
        let limit = MinimizerLimit(matches: isDear ? Self.mostDear : .max, isLate: isLate, progress: progress)
        var result = Minimizer(hasty, limit: limit).minimize(c, bucket: bucket)
        failure = failure ?? hasty.failure
        if isDear {
            result.strays = result.strays.filter { stray in
                Bucket.rule(of: stray.key).map { Self.dear[$0] == nil } ?? true
            }
        }
        let findings = isLate() ? [] : findings(of: result.smallest, against: result.smallest.target)
        if isLate() {
            result.isInterrupted = true
            // What only seemed to hang is not what was looked for.
            if isDear { result.smallest = c }
            if !isDear, let finding = result.finding { result.smallest.describe(finding) }
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

    /// How many candidates of a slide may end their process: one that hangs costs seconds.
    ///
    /// Cases are counted and not seconds, so that the same cases end the same slide on any machine.
    private static let mostDeadly = 3

    /// Makes a minimized case smaller across buckets; it ends when it is late.
    package func slide(_ c: Case, from bucket: String) -> CaseSlide.Result? {
        let hasty = hasty()
        var limit = MinimizerLimit(isLate: isLate)
        limit.deadly = Self.mostDeadly
        let result = CaseSlide(hasty, limit: limit).slide(c, from: bucket)
        failure = failure ?? hasty.failure
        return result
    }
}
