import Patching

/// Makes a failing case smaller within its bucket.
///
/// Deterministic: the result depends on case and bucket only, unless a time limit ends it (``Result/isInterrupted``).
///
/// - Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002; shortlex order, the
///   cache of tried candidates, statistics by reducer and reducers that always make progress after Hypothesis (MacIver
///   and Donaldson, "Test-Case Reduction via Test-Case Generation", ECOOP 2020)
package struct Minimizer {
    /// The result of a minimization.
    package struct Result {
        /// The smallest case, with its expected result.
        package var smallest: Case
        /// The number of cases that were run.
        package var candidates: Int
        /// The statistics of each reducer.
        package var reducers: [ReducerStatistics]
        /// The smallest candidate in each other bucket.
        package var strays: [String: Case]
        /// The finding of the smallest case; `nil` if it was not run.
        package var finding: Finding?
        /// The number of smaller cases, if all of them were run and none is in the bucket; else `nil`.
        package var smallerCases: UInt64?
        /// True if an interrupt or a time limit ended the minimization. Another run may find a smaller case.
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

    /// All reducers: those that remove most come first, those that only simplify last.
    static let reducers: [any Reducer & Sendable] = [
        PassReducer(), FocusReducer(), TableReducer(), SubprogramReducer(), EditReducer(), PlainReducer(),
        SlotReducer(),
        PatchReducer(), EditFormReducer(), PlainReducer(), FieldReducer(),
    ]
    private let judge: any CaseJudge
    private let limit: MinimizerLimit

    /// Makes a minimizer whose candidates go to a judge.
    package init(_ judge: any CaseJudge, limit: MinimizerLimit = MinimizerLimit()) {
        self.judge = judge
        self.limit = limit
    }

    /// Makes a minimizer that runs these patchers in this process.
    package init(_ patchers: [any Patcher]) { self.init(InProcessJudge(patchers)) }

    /// Makes a case smaller until no reducer finds a smaller one in the bucket.
    ///
    /// - Parameters:
    ///   - first: reducers that are done before the others begin
    ///   - more: reducers that take turns with the others
    /// - Returns: the case itself if it is not in the bucket
    package func minimize(
        _ c: Case, bucket: String, first: [any Reducer] = [], more: [any Reducer] = []
    ) -> Result {
        // Other patchers than the target cost time only.
        let target = Bucket.target(of: bucket)
        let isAboutOne = judge.names.contains(target) && Bucket.rule(of: bucket) != .disagreement
        var original = c
        original.expected = nil
        original.report = nil
        original.sentence = nil
        original.detail = nil
        let minimization = Minimization(
            original, goal: .bucket(bucket), judge: judge, target: isAboutOne ? target : nil, limit: limit)
        // The original is run once to locate its finding. A case that kills its process has no location.
        let isDeadly = Bucket.rule(of: bucket)?.isDeadly ?? false
        if isDeadly || minimization.runOriginal() {
            minimization.run(first)
            minimization.run(Self.reducers.map { $0 } + more)
        }
        // The smallest candidate of another bucket gets the description of that bucket.
        let strays = minimization.strays.map { ($0.key, Self.finish($0.value, $0.key, judge)) }
        var result = Result(
            smallest: Self.finish(minimization.best, bucket, judge), candidates: minimization.runs,
            reducers: minimization.statistics, strays: Dictionary(uniqueKeysWithValues: strays))
        result.finding = minimization.bestFinding
        result.isInterrupted = limit.isLate()
        return result
    }

    /// Adds the expected result to the case.
    package static func finish(_ c: Case, _ bucket: String?, _ judge: any CaseJudge) -> Case {
        var finished = c
        finished.bucket = bucket
        finished.target = bucket.map(Bucket.target(of:))
        var runner = CaseRunner([], oracle: judge.oracle(for: finished))
        finished.expected = (try? runner.run(c))?.expected
        return finished
    }
}
