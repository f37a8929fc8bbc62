/// How far a minimization has come.
package struct MinimizerProgress {
    /// How many cases were run.
    package var runs: Int
    /// The size of the smallest case so far.
    package var size: CaseSize
    /// The reducer at work.
    package var reducer: String

    package init(runs: Int, size: CaseSize, reducer: String) {
        self.runs = runs
        self.size = size
        self.reducer = reducer
    }
}

/// How much is tried before the smallest case so far is taken.
package struct MinimizerLimit {
    /// How many cases are run.
    package var candidates: Int
    /// How many candidates may be in the bucket, where each of these is dear.
    package var matches: Int
    /// How many of them may end the process that they are run in.
    package var deadly = Int.max
    /// Queried before each run: true when it has taken long enough.
    package var isLate: () -> Bool
    /// Told of each run before it.
    package var progress: (MinimizerProgress) -> Void

    package init(
        candidates: Int = .max, matches: Int = .max, isLate: @escaping () -> Bool = { false },
        progress: @escaping (MinimizerProgress) -> Void = { _ in }
    ) {
        self.candidates = candidates
        self.matches = matches
        self.isLate = isLate
        self.progress = progress
    }
}
