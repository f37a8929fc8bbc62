import BPF
import Patching

/// The state of one minimization: reducers try candidates here.
///
/// A candidate is accepted if it is smaller and has a wanted finding. So every reducer ends.
/// No candidate is run twice.
package final class Minimization {
    /// The wanted findings.
    enum Goal {
        /// Those of one bucket.
        case bucket(String)
        /// Wrong results of a patcher, by any rule.
        case anyResult(of: String, isBeyondContract: Bool)

        func isMet(by finding: Finding) -> Bool {
            switch self {
            case .bucket(let bucket): return finding.bucket == bucket
            case .anyResult(let target, let isBeyondContract):
                guard finding.target == target, let bucket = Bucket(finding.bucket) else { return false }
                return bucket.isBeyondContract == isBeyondContract && bucket.canSlide
            }
        }
    }

    /// The smallest case so far.
    package private(set) var best: Case
    /// The finding of the smallest case so far; `nil` for an original that was not run.
    var bestFinding: Finding?
    /// The size of that case by the chosen measure, the most important number first.
    private(set) var size: [Int]
    /// The size of that case for a reader.
    private var caseSize: CaseSize
    /// The number of cases that were run.
    private(set) var runs = 0
    /// The statistics of each reducer, in the order of first use.
    private(set) var statistics: [ReducerStatistics] = []
    /// The smallest candidate in each other bucket.
    var strays: [String: Case] { others.mapValues(\.smallest) }
    private var others: [String: (smallest: Case, size: CaseSize)] = [:]
    private let goal: Goal
    private let measure: (Case, CaseSize) -> [Int]
    /// The number of candidates in the bucket.
    private var matches = 0
    /// The number of candidates that killed their process.
    private var deadly = 0
    /// The candidates without a wanted finding.
    private var tried: Set<CaseHash> = []
    /// The number of candidates that the judge rejected without running them.
    private var unpromising = 0
    /// The number of candidates that were run or rejected, which a step may cost again.
    private var effort: Int { runs + unpromising }
    /// The smallest number of candidates of a postponed step.
    private var putOff = Int.max
    /// The index of the current reducer in ``statistics``.
    private var reducer = 0
    private let judge: any CaseJudge
    private let target: String?
    private let limit: MinimizerLimit
    private var rules = CaseRunner([])

    /// - Parameter measure: returns the size of a case, as numbers to compare in order
    init(
        _ c: Case, goal: Goal, judge: any CaseJudge, target: String?, limit: MinimizerLimit,
        measure: @escaping (Case, CaseSize) -> [Int] = { $1.numbers }
    ) {
        self.limit = limit
        best = c
        caseSize = CaseSize(c)
        size = measure(c, caseSize)
        self.goal = goal
        self.measure = measure
        self.judge = judge
        self.target = target
    }

    /// True if no more candidates may be run.
    package var isOver: Bool {
        runs >= limit.candidates || matches >= limit.matches || deadly >= limit.deadly || limit.isLate()
    }

    /// Runs reducers in turn until none of them finds a smaller case.
    ///
    /// A reducer runs again if more than markers changed since its last turn, or if candidates that it put off are
    /// affordable.
    func run(_ reducers: [any Reducer]) {
        var turns: [(size: [Int], putOff: Int)] = reducers.map { _ in ([], 0) }
        var before: [Int]
        repeat {
            before = size
            for (number, next) in reducers.enumerated()
            where turns[number].putOff <= effort || turns[number].size != size.dropLast() {
                putOff = Int.max
                use(next.name)
                next.minimize(self)
                turns[number] = (size.dropLast(), putOff)
            }
        } while !isOver && (size.lexicographicallyPrecedes(before) || turns.contains { $0.putOff <= effort })
    }

    private func use(_ name: String) {
        reducer = statistics.firstIndex { $0.name == name } ?? statistics.count
        if reducer == statistics.count { statistics.append(ReducerStatistics(name: name)) }
    }

    /// Runs the original; returns false if it has no wanted finding.
    func runOriginal() -> Bool {
        runs += 1
        bestFinding = judge.findings(of: best, against: target).first(where: goal.isMet)
        return bestFinding != nil
    }

    /// Tries a change of the best case; returns true if the result is accepted.
    ///
    /// - Parameter accepts: a further condition for a wanted finding
    package func attempt(where accepts: (Finding) -> Bool = { _ in true }, _ change: (inout Case) -> Void) -> Bool {
        if isOver { return false }
        var candidate = best
        change(&candidate)
        statistics[reducer].calls += 1
        let newSize = CaseSize(candidate)
        let candidateSize = measure(candidate, newSize)
        if !candidateSize.lexicographicallyPrecedes(size) { return false }
        let hash = CaseHash(candidate)
        if tried.contains(hash) {
            statistics[reducer].cached += 1
            return false
        }
        // Patchers do not get ill-formed cases.
        if !rules.isRunnable(candidate) { return false }
        if !judge.isPromising(candidate, madeFrom: best) {
            unpromising += 1
            return false
        }
        guard let finding = run(candidate, newSize, hash, where: accepts) else { return false }
        matches += 1
        statistics[reducer].successes += 1
        best = candidate
        bestFinding = finding
        size = candidateSize
        caseSize = newSize
        return true
    }

    /// Runs a candidate; returns its wanted finding.
    private func run(
        _ candidate: Case, _ newSize: CaseSize, _ hash: CaseHash, where accepts: (Finding) -> Bool
    ) -> Finding? {
        runs += 1
        statistics[reducer].runs += 1
        limit.progress(MinimizerProgress(runs: runs, size: caseSize, reducer: statistics[reducer].name))
        let findings = judge.findings(of: candidate, against: target)
        if findings.contains(where: \.rule.isDeadly) { deadly += 1 }
        for finding in findings where !goal.isMet(by: finding) {
            if let known = others[finding.bucket], known.size <= newSize { continue }
            others[finding.bucket] = (candidate, newSize)
        }
        let wanted = findings.filter(goal.isMet)
        // A run that the limit ended early has no result.
        if wanted.isEmpty && !limit.isLate() { tried.insert(hash) }
        return wanted.first(where: accepts)
    }

    /// Returns true if a number of unpromising candidates may be tried now; else puts them off until more cases were
    /// run.
    ///
    /// So quadratic steps at most double the cost of the others.
    package func canAfford(_ candidates: Int) -> Bool {
        if candidates > effort { putOff = min(putOff, candidates) }
        return candidates <= effort
    }

    /// The input of a pass of the best case.
    func input(ofPass number: Int) -> Program? { rules.input(ofPass: number, of: best) }

    /// The result of the best case by the rules.
    func expected() -> Case.Expectation? { (try? rules.run(best))?.expected }

    /// Tries a change for all elements at once, then for each half of them, down to single ones.
    ///
    /// The last elements come first: their removal does not move the elements before them.
    ///
    /// - Returns: the elements for which the change is not accepted, in order
    /// - Complexity: O(left elements × log elements) runs
    package func attemptInParts<Thing>(_ things: ArraySlice<Thing>, _ change: (ArraySlice<Thing>) -> Bool) -> [Thing] {
        if things.isEmpty || change(things) { return [] }
        if things.count == 1 || isOver { return Array(things) }
        let middle = things.startIndex + things.count / 2
        let last = attemptInParts(things[middle...], change)
        return attemptInParts(things[..<middle], change) + last
    }
}

/// A way to make a case smaller.
///
/// To write a reducer, look at the smallest case so far (``Minimization/best``). For each part that may be unnecessary,
/// call ``Minimization/attempt(where:_:)`` with a change that removes it. Four rules make a good reducer:
/// - Propose freely, without checks. A candidate that is not smaller by ``CaseSize``, was tried before or is ill formed
///   costs no run, and a run costs a thousand times as much as the rest.
/// - The best case changes with each success. Read it again, or begin with the last parts, which do not move the
///   others.
/// - Begin with many parts: all at once, then halves (``Minimization/attemptInParts(_:_:)``). For interchangeable
///   parts, try one, then twice as many (``SlotRow``).
/// - Do not count cases or seconds: a reducer ends when it has tried everything once. If that is more than linear in
///   the remaining parts, call ``Minimization/canAfford(_:)`` first. Reducers run in turn until none succeeds, so a
///   reducer does one thing and need not repeat it. `minimize --json` shows the runs and successes of each. A reducer
///   with few successes for its runs belongs later in the order, or nowhere.
package protocol Reducer {
    /// The name in ``ReducerStatistics``: the parts that it reduces.
    var name: String { get }

    /// Tries everything once.
    func minimize(_ minimization: Minimization)
}

/// The work of a reducer in one minimization.
package struct ReducerStatistics: Codable, Hashable, Sendable {
    /// The name of the reducer.
    package var name: String
    /// The number of proposed candidates, smaller or not.
    package var calls = 0
    /// The number of candidates that were run.
    package var runs = 0
    /// The number of candidates that had been tried before.
    package var cached = 0
    /// The number of accepted candidates.
    package var successes = 0

    enum CodingKeys: String, CodingKey {
        case name = "reducer"
        case calls, runs, cached, successes
    }
}
