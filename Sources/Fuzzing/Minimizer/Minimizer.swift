import Patching

/// Makes a failing case smaller within its bucket.
///
/// Deterministic: the same case and bucket give the same result, unless a limit of time ends it, which the result says.
///
/// - Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002; shortlex order, the cache of
///   tried candidates, statistics by reducer and reducers that always make progress after Hypothesis
///   (MacIver and Donaldson, "Test-Case Reduction via Test-Case Generation", ECOOP 2020)
package struct Minimizer {
    /// What minimizing gave.
    package struct Result {
        /// The smallest case found, with what it must give.
        package var smallest: Case
        /// How many cases were run.
        package var candidates: Int
        /// What each reducer has done.
        package var reducers: [ReducerStatistics]
        /// The smallest case met on the way in each other bucket.
        package var strays: [String: Case]
        /// What is wrong with it; `nil` when it was not run.
        package var finding: Finding?
        /// True if an interrupt or a limit of time ended it, so that the case may become smaller still.
        package var isInterrupted = false

        package init(
            smallest: Case, candidates: Int = 0, reducers: [ReducerStatistics] = [], strays: [String: Case] = [:]
        ) {
            self.smallest = smallest
            self.candidates = candidates
            self.reducers = reducers
            self.strays = strays
        }
    }

    /// All reducers: what takes much away comes first, and what only makes plainer last.
    static let reducers: [any Reducer] = [
        PassReducer(), FocusReducer(), TableReducer(), SubprogramReducer(), EditReducer(), PlainReducer(),
        SlotReducer(),
        PatchReducer(), EditFormReducer(), PlainReducer(), FieldReducer(),
    ]
    private let judge: any CaseJudge
    private let limit: MinimizerLimit

    /// Makes a minimizer that asks a judge about each candidate.
    package init(_ judge: any CaseJudge, limit: MinimizerLimit = MinimizerLimit()) {
        self.judge = judge
        self.limit = limit
    }

    /// Makes a minimizer that judges candidates with these patchers, in this process.
    package init(_ patchers: [any Patcher]) { self.init(InProcessJudge(patchers)) }

    /// Makes a case smaller until no reducer finds anything smaller in the bucket.
    ///
    /// - Returns: the case itself when it is not in the bucket
    package func minimize(_ c: Case, bucket: String) -> Result {
        // The patchers that the bucket is not about cost time and say nothing.
        let target = Bucket.target(of: bucket)
        let isAboutOne = judge.names.contains(target) && Bucket.rule(of: bucket) != .disagreement
        var original = c
        original.expected = nil
        original.report = nil
        original.sentence = nil
        original.detail = nil
        let minimization = Minimization(
            original, goal: .bucket(bucket), judge: judge, target: isAboutOne ? target : nil, limit: limit)
        // Where it is wrong is worth a run, but says nothing of a case that ends its process.
        let isDeadly = Bucket.rule(of: bucket)?.isDeadly ?? false
        if isDeadly || minimization.runOriginal() { minimization.run(Self.reducers) }
        // A stray is in the bucket that it strayed into, not in that of the case it was made from.
        let strays = minimization.strays.map { ($0.key, Self.finish($0.value, $0.key, judge)) }
        var result = Result(
            smallest: Self.finish(minimization.best, bucket, judge), candidates: minimization.runs,
            reducers: minimization.statistics, strays: Dictionary(uniqueKeysWithValues: strays))
        result.finding = minimization.bestFinding
        result.isInterrupted = limit.isLate()
        return result
    }

    /// Adds what the case must give.
    static func finish(_ c: Case, _ bucket: String?, _ judge: any CaseJudge) -> Case {
        var finished = c
        finished.bucket = bucket
        finished.target = bucket.map(Bucket.target(of:))
        var runner = CaseRunner([], oracle: judge.oracle(for: finished))
        finished.expected = (try? runner.run(c))?.expected
        return finished
    }
}
