import BPF
import Patching

/// The case that is being made smaller: the one place where a candidate is tried and taken.
///
/// A candidate is taken when it is smaller and some finding of it is wanted. So every reducer comes to an end, whatever it
/// proposes.
final class Minimization {
    /// The findings that are wanted.
    enum Goal {
        /// Those of one bucket.
        case bucket(String)
        /// Wrong results of a patcher, of whatever rule.
        case anyResult(of: String, isBeyondContract: Bool)

        func isMet(by finding: Finding) -> Bool {
            switch self {
            case .bucket(let bucket): return finding.bucket == bucket
            case .anyResult(let target, let isBeyondContract):
                guard finding.target == target, let bucket = Bucket(finding.bucket) else { return false }
                return bucket.isBeyondContract == isBeyondContract && CaseSlide.canSlide(bucket)
            }
        }
    }

    /// The smallest case so far.
    private(set) var best: Case
    /// What is wrong with the smallest case so far; `nil` for the original, which may not have been run.
    var bestFinding: Finding?
    /// How large it is, the most important number first.
    private(set) var size: [Int]
    private let goal: Goal
    private let measure: (Case) -> [Int]
    /// How many candidates were run.
    private(set) var candidates = 0
    /// How many of them were in the bucket.
    private var matches = 0
    /// How many of them ended the process that they were run in.
    private var deadly = 0
    /// Whether the program is so long that candidates are dear: one at the 16-bit limit.
    ///
    /// Such a program needs nearly all of its instructions to fail at all, and any of them will do.
    var isLong: Bool { best.program.insns.count > 4096 }
    /// The smallest case seen in each other bucket on the way.
    private(set) var strays: [String: Case] = [:]
    private let judge: any CaseJudge
    private let target: String?
    private let limit: Minimizer.Limit
    private var rules = CaseRunner([])

    /// - Parameter measure: how large a case is, as numbers that are compared in order
    init(
        _ c: Case, goal: Goal, judge: any CaseJudge, target: String?, limit: Minimizer.Limit,
        measure: @escaping (Case) -> [Int] = { CaseSize($0).numbers }
    ) {
        self.limit = limit
        best = c
        size = measure(c)
        self.goal = goal
        self.measure = measure
        self.judge = judge
        self.target = target
    }

    /// Runs a candidate and takes it when it is smaller and in the bucket.
    ///
    /// - Parameter accepts: what else a finding must be to be wanted
    func testAndCommit(_ candidate: Case, where accepts: (Finding) -> Bool = { _ in true }) -> Bool {
        let candidateSize = measure(candidate)
        if !candidateSize.lexicographicallyPrecedes(size) { return false }
        candidates += 1
        let findings = judge.findings(of: candidate, against: target)
        if findings.contains(where: \.rule.isDeadly) { deadly += 1 }
        let plainSize = CaseSize(candidate)
        for finding in findings where !goal.isMet(by: finding) {
            if let known = strays[finding.bucket], CaseSize(known) <= plainSize { continue }
            strays[finding.bucket] = candidate
        }
        guard let finding = findings.first(where: { goal.isMet(by: $0) && accepts($0) }) else { return false }
        matches += 1
        best = candidate
        bestFinding = finding
        size = candidateSize
        return true
    }

    /// Lets a change make a candidate from the best case, and tries it.
    func attempt(where accepts: (Finding) -> Bool = { _ in true }, _ change: (inout Case) -> Void) -> Bool {
        let isSpent = candidates >= limit.candidates || matches >= limit.matches || deadly >= limit.deadly
        if isSpent || limit.isLate() { return false }
        var candidate = best
        change(&candidate)
        return testAndCommit(candidate, where: accepts)
    }

    /// The program that a pass of the best case is given.
    func input(ofPass number: Int) -> Program? { rules.input(ofPass: number, of: best) }

    /// Tries to do without parts of a sequence: in chunks of halving length from the end, then one by one.
    ///
    /// - Parameters:
    ///   - count: how long the sequence is now
    ///   - remove: tries a case without the given range of it
    func reduceChunks(of count: () -> Int, without remove: (Range<Int>) -> Bool) {
        var length = max(count() / 2, 1)
        while true {
            var end = count()
            while end > 0 {
                let start = max(0, end - length)
                _ = remove(start..<end)
                end = min(start, count())
            }
            if length == 1 { return }
            length /= 2
        }
    }
}

/// A way to make a case smaller.
protocol Reducer {
    /// Tries everything once.
    func minimize(_ minimization: Minimization)
}
