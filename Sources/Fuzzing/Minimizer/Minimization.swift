import BPF
import Patching

/// One case on its way to the smallest: the place where reducers try candidates.
///
/// A candidate is taken when it is smaller and some finding of it is wanted. So every reducer ends, whatever it proposes.
/// A candidate that was tried before is not run again.
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
                return bucket.isBeyondContract == isBeyondContract && bucket.canSlide
            }
        }
    }

    /// The smallest case so far.
    private(set) var best: Case
    /// What is wrong with the smallest case so far; `nil` for an original that has not been run.
    var bestFinding: Finding?
    /// How large it is, the most important number first.
    private(set) var size: [Int]
    /// The same by what a reader takes in, whatever the measure.
    private var caseSize: CaseSize
    /// How many cases were run.
    private(set) var runs = 0
    /// What each reducer has done, in the order in which they were first used.
    private(set) var statistics: [ReducerStatistics] = []
    /// The smallest case seen in each other bucket on the way.
    var strays: [String: Case] { others.mapValues(\.smallest) }
    private var others: [String: (smallest: Case, size: CaseSize)] = [:]
    private let goal: Goal
    private let measure: (Case, CaseSize) -> [Int]
    /// How many candidates were in the bucket.
    private var matches = 0
    /// How many candidates ended the process that they were run in.
    private var deadly = 0
    /// The candidates that were run and not wanted.
    private var tried: Set<CaseHash> = []
    /// The fewest candidates that were too many for the runs so far.
    private var putOff = Int.max
    /// The place of the reducer at work in ``statistics``.
    private var reducer = 0
    private let judge: any CaseJudge
    private let target: String?
    private let limit: MinimizerLimit
    private var rules = CaseRunner([])

    /// - Parameter measure: how large a case is, as numbers that are compared in order
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

    /// True if no more candidates are run.
    var isOver: Bool {
        runs >= limit.candidates || matches >= limit.matches || deadly >= limit.deadly || limit.isLate()
    }

    /// Runs reducers in turn until none of them finds anything smaller.
    ///
    /// One has its next turn when more than markers has changed since its last, or what it put off can be afforded.
    func run(_ reducers: [any Reducer]) {
        var turns: [(size: [Int], putOff: Int)] = reducers.map { _ in ([], 0) }
        var before: [Int]
        repeat {
            before = size
            for (number, next) in reducers.enumerated()
            where turns[number].putOff <= runs || turns[number].size != size.dropLast() {
                putOff = Int.max
                use(next.name)
                next.minimize(self)
                turns[number] = (size.dropLast(), putOff)
            }
        } while !isOver && (size.lexicographicallyPrecedes(before) || turns.contains { $0.putOff <= runs })
    }

    private func use(_ name: String) {
        reducer = statistics.firstIndex { $0.name == name } ?? statistics.count
        if reducer == statistics.count { statistics.append(ReducerStatistics(name: name)) }
    }

    /// Runs the original; returns false if it has no finding that is wanted.
    func runOriginal() -> Bool {
        runs += 1
        bestFinding = judge.findings(of: best, against: target).first(where: goal.isMet)
        return bestFinding != nil
    }

    /// Tries a change of the best case; returns true if the result is taken.
    ///
    /// - Parameter accepts: what else a finding must be to be wanted
    func attempt(where accepts: (Finding) -> Bool = { _ in true }, _ change: (inout Case) -> Void) -> Bool {
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
        // No patcher is given what is ill formed.
        if !rules.isRunnable(candidate) { return false }
        guard let finding = run(candidate, newSize, hash, where: accepts) else { return false }
        matches += 1
        statistics[reducer].successes += 1
        best = candidate
        bestFinding = finding
        size = candidateSize
        caseSize = newSize
        return true
    }

    /// Runs a candidate; returns the finding that is wanted.
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
        // What ended early has shown nothing.
        if wanted.isEmpty && !limit.isLate() { tried.insert(hash) }
        return wanted.first(where: accepts)
    }

    /// True if as many candidates may be tried of which few are expected to succeed; else they are put off until more was run.
    ///
    /// So what is quadratic at most doubles the cost of what is not.
    func canAfford(_ candidates: Int) -> Bool {
        if candidates > runs { putOff = min(putOff, candidates) }
        return candidates <= runs
    }

    /// The program that a pass of the best case is given.
    func input(ofPass number: Int) -> Program? { rules.input(ofPass: number, of: best) }

    /// What the rules give for the best case.
    func expected() -> Case.Expectation? { (try? rules.run(best))?.expected }

    /// Tries a change for all of some things at once, then for each half of them, down to single ones.
    ///
    /// The last things come first: what a reducer removes does not move what precedes it.
    ///
    /// - Returns: the things for which the change is not taken, in order
    /// - Complexity: O(left things × log things) runs
    func attemptInParts<Thing>(_ things: ArraySlice<Thing>, _ change: (ArraySlice<Thing>) -> Bool) -> [Thing] {
        if things.isEmpty || change(things) { return [] }
        if things.count == 1 || isOver { return Array(things) }
        let middle = things.startIndex + things.count / 2
        let last = attemptInParts(things[middle...], change)
        return attemptInParts(things[..<middle], change) + last
    }
}

/// A way to make a case smaller.
///
/// To write a reducer, look at the smallest case so far (``Minimization/best``), and for each thing that may not be needed
/// call ``Minimization/attempt(where:_:)`` with a change that does without it. Four rules make it a good one:
/// - Propose freely, and check nothing that is checked anyway. A candidate that is no smaller by ``CaseSize``, that was tried
///   before or that is ill formed costs no run; a run costs a thousand times as much as the rest.
/// - The best case changes with each success. Look at it again, or begin with the last things, which do not move the others.
/// - Begin with much: all things at once, then halves (``Minimization/attemptInParts(_:_:)``). Where things are as good as one
///   another and only their number counts, try one, then twice as many (``SlotRow``).
/// - Never count cases or seconds to know when to stop: a reducer ends when it has tried everything once. If that is more than
///   linear in what is left, ask ``Minimization/canAfford(_:)``.
/// Reducers run in turn until none succeeds, so a reducer does one thing and need not repeat it. `minimize --json` shows what
/// each costs and brings; one whose successes do not pay for its runs belongs later in the order, or nowhere.
protocol Reducer: Sendable {
    /// The name in ``ReducerStatistics``: what it makes less of.
    var name: String { get }

    /// Tries everything once.
    func minimize(_ minimization: Minimization)
}

/// What a reducer has done in one minimization.
package struct ReducerStatistics: Codable, Hashable, Sendable {
    /// What the reducer makes less of.
    package var name: String
    /// How many candidates it proposed, smaller or not.
    package var calls = 0
    /// How many of them were run.
    package var runs = 0
    /// How many of them had been tried before.
    package var cached = 0
    /// How many of them were taken.
    package var successes = 0

    enum CodingKeys: String, CodingKey {
        case name = "reducer"
        case calls, runs, cached, successes
    }
}
