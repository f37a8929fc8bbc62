import Patching

/// Minimizes a failing case within its bucket.
///
/// Deterministic: the same case and bucket give the same result.
///
/// - Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002; shortlex order and
///   passes that always make progress after Hypothesis
public struct Minimizer {
    /// What minimizing gave.
    public struct Result {
        /// The smallest case found, with what it must give.
        public var smallest: Case
        /// How many candidates were run.
        public var candidates: Int
        /// The smallest case met on the way in each other bucket.
        public var strays: [String: Case]
        /// Whether somebody has asked for an end before all was tried.
        public var isInterrupted = false

        public init(smallest: Case, candidates: Int = 0, strays: [String: Case] = [:]) {
            self.smallest = smallest
            self.candidates = candidates
            self.strays = strays
        }
    }

    private let reducers: [any Reducer] = [
        PassReducer(), EditReducer(), InstructionReducer(), PatchReducer(), TableReducer(), SimplicityReducer(),
    ]
    private let judge: any CaseJudge
    private let limit: Limit

    /// How much is tried before the smallest case so far is taken.
    public struct Limit {
        public var candidates: Int
        /// How many candidates may be in the bucket, where each of these is dear.
        public var matches: Int
        /// How many of them may end the process that they are run in.
        public var deadly = Int.max
        /// Queried before each candidate: true when it has taken long enough.
        public var isLate: () -> Bool

        public init(candidates: Int = .max, matches: Int = .max, isLate: @escaping () -> Bool = { false }) {
            self.candidates = candidates
            self.matches = matches
            self.isLate = isLate
        }
    }

    /// Makes a minimizer that asks a judge about each candidate.
    public init(_ judge: any CaseJudge, limit: Limit = Limit()) {
        self.judge = judge
        self.limit = limit
    }

    /// Makes a minimizer that judges candidates with these patchers, in this process.
    public init(_ patchers: [any Patcher]) { self.init(ResidentJudge(patchers)) }

    /// Minimizes a case until no reducer finds anything smaller in the bucket.
    ///
    /// - Returns: the case itself when it is not in the bucket
    public func minimize(_ c: Case, bucket: String) -> Result {
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
        var before: [Int]
        repeat {
            before = minimization.size
            for reducer in reducers { reducer.minimize(minimization) }
        } while minimization.size.lexicographicallyPrecedes(before)
        // A stray is in the bucket that it strayed into, not in that of the case it was made from.
        let strays = minimization.strays.map { ($0.key, Self.finish($0.value, $0.key)) }
        return Result(
            smallest: Self.finish(minimization.best, bucket), candidates: minimization.candidates,
            strays: Dictionary(uniqueKeysWithValues: strays))
    }

    /// Adds what the case must give.
    static func finish(_ c: Case, _ bucket: String?) -> Case {
        var runner = CaseRunner([])
        var finished = c
        finished.bucket = bucket
        finished.target = bucket.map(Bucket.target(of:))
        finished.expected = (try? runner.run(c))?.expected
        return finished
    }
}
