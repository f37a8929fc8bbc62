import BPF
import Foundation
import Fuzzing
import KernelRewrites

/// Triages findings against the running kernel.
final class KernelTriage: FindingTriage {
    /// The most candidates for one finding.
    private static let most = 1000
    /// The time limit for all candidates of a finding. Those of a long program take as long as hundreds of others.
    ///
    /// - Units: seconds
    private static let (patience, longPatience) = (5.0, 2.0)
    /// The time limit for one candidate.
    ///
    /// - Units: seconds
    private static let candidatePatience = 2.0
    /// The least length of a long program.
    ///
    /// - Units: slots
    private static let long = 8000

    let judge: OutOfProcessJudge
    private let isExecuting: Bool
    private let make: (UInt64) -> Case
    private let choices: (Case) -> ChoiceReduction?

    /// - Parameters:
    ///   - isExecuting: true if the judge runs the programs that may be run
    ///   - make: generates the case of an index
    ///   - choices: returns the choices that a case was generated from; `nil` for a case of another origin
    init(
        _ judge: OutOfProcessJudge, isExecuting: Bool, make: @escaping (UInt64) -> Case,
        choices: @escaping (Case) -> ChoiceReduction?
    ) {
        self.judge = judge
        self.isExecuting = isExecuting
        self.make = make
        self.choices = choices
    }

    func makeCase(index: UInt64) -> Case { make(index) }

    func isLong(index: UInt64) -> Bool { make(index).program.insns.count > Self.long }

    /// The last case of each bucket that was completed without minimizing.
    private var seen: [String: Case] = [:]

    /// Loads a case again and adds the kernel's result, also after the end of the campaign's time: a finding without it
    /// says little. A case that does not hit its bucket again is returned unchanged.
    func completed(_ c: Case, bucket: String) -> Case {
        if Bucket.target(of: bucket) != Finding.kernelTarget || !isSafeToRerun(bucket) { return c }
        if let known = seen[bucket], known.origin == c.origin { return known }
        if completing > Self.completionPatience && judge.isLate() { return c }
        let start = Date()
        completer.isLate = { false }
        let found = complete(c, bucket, completer) ?? c
        if judge.isLate() { completing += Date().timeIntervalSince(start) }
        seen[bucket] = found
        return found
    }

    /// The judge for cases that are completed, and that for candidates. Each keeps its process from case to case.
    private lazy var completer = judge.fast(CaseBudget(timeout: Self.candidatePatience, memory: nil))
    private lazy var fast = judge.fast(CaseBudget(timeout: Self.candidatePatience, memory: nil))
    /// The time that was spent on completing cases after the end of the campaign's time.
    ///
    /// - Units: seconds
    private var completing = 0.0
    /// The time limit for completing cases after that end.
    ///
    /// - Units: seconds
    private static let completionPatience = 5.0

    func findings(of c: Case, against target: String?) -> [Finding] { judge.findings(of: c, against: nil) }

    /// Kernel findings are grouped by the words of their buckets, since loads are too slow to slide.
    func slide(_ c: Case, from bucket: String) -> CaseSlide.Result? { nil }

    /// A case is not loaded again if it may crash the machine, or needs `--execute` and the campaign runs without it.
    func isSafeToRerun(_ bucket: String) -> Bool {
        !Case.mayBringDown(bucket) && (isExecuting || !Case.needsExecution(bucket))
    }

    /// Minimizes a case by loading candidates, and adds the kernel's result to the smallest one; stops when it is late.
    ///
    /// A generated case is minimized by the choices of its generator, then by instructions; any other by instructions only.
    func minimize(_ c: Case, bucket: String) -> Minimizer.Result {
        if !isSafeToRerun(bucket) { return Minimizer.Result(smallest: c) }
        var original = c
        // The kernel's result for the original says nothing about a candidate.
        original.passes = []
        original.expected = nil
        original.loading?.forgetResult()
        let end = Date() + (c.program.insns.count > Self.long ? Self.longPatience : Self.patience)
        let limit = MinimizerLimit(
            candidates: Self.most, isLate: { [judge] in judge.isLate() || Date() > end }, progress: judge.progress)
        fast.isLate = judge.isLate
        var result = Minimizer(fast, limit: limit).minimize(
            original, bucket: bucket, first: choices(original)?.reducers ?? [], more: [WideLoadReducer()])
        // The time limit of a candidate is too short to tell a hang.
        result.strays = result.strays.filter { Bucket.rule(of: $0.key) != .hang }
        // Without the kernel's result, the smallest case is no better than the original.
        var completed = complete(result.smallest, bucket, judge)
        if let found = completed, !isShownAgain(found, asked: result.smallest) { completed?.name = Self.notAgain }
        let isOutOfTime = result.isInterrupted
        result.isInterrupted = judge.isLate()
        result.smallest = (result.isInterrupted ? nil : completed) ?? c
        if isOutOfTime && !result.isInterrupted && result.smallest.name.isEmpty {
            result.smallest.name = Self.outOfTime
        }
        return result
    }

    /// The case with the kernel's result; `nil` if it does not hit the bucket.
    private func complete(_ c: Case, _ bucket: String, _ judge: OutOfProcessJudge) -> Case? {
        var asked = c
        asked.bucket = bucket
        let findings = judge.findings(of: asked, against: nil)
        guard let finding = findings.first(where: { $0.bucket == bucket }) else { return nil }
        asked = c
        asked.describe(finding)
        guard let text = judge.completed, var found = try? CaseFile.parse(text, file: bucket) else { return asked }
        found.describe(finding)
        (found.name, found.bucket, found.origin) = (c.name, bucket, c.origin)
        (found.target, found.comment) = (c.target, c.comment)
        return found
    }

    /// The name of a case whose minimization ran out of time.
    static let outOfTime = "minimized as far as the time for it allowed; 'minimize' may make it smaller"

    /// The name of a case that shows its finding in one load, and not in another.
    static let notAgain = "seen once, and not when the same program was loaded again"

    /// Loads a case again; returns true if the result has the same fault.
    ///
    /// The C program of the finding compares in the same way.
    private func isShownAgain(_ found: Case, asked: Case) -> Bool {
        guard let loading = found.loading, let seen = loading.seen else { return true }
        if loading.must == seen { return false }
        _ = judge.findings(of: asked, against: nil)
        guard let text = judge.completed, let again = try? CaseFile.parse(text, file: found.bucket ?? "") else {
            return false
        }
        return again.loading?.seen.map(loading.isShown) ?? false
    }
}
