/// The progress of a minimization.
package struct MinimizerProgress {
    /// The number of cases that were run.
    package var runs: Int
    /// The size of the smallest case so far.
    package var size: CaseSize
    /// The current reducer.
    package var reducer: String

    package init(runs: Int, size: CaseSize, reducer: String) {
        self.runs = runs
        self.size = size
        self.reducer = reducer
    }
}

/// The limits of a minimization, after which the smallest case so far is the result.
package struct MinimizerLimit {
    /// The most cases that are run.
    package var candidates: Int
    /// The most candidates in the bucket, if each of them is expensive.
    package var matches: Int
    /// The most candidates that kill their process.
    package var deadly = Int.max
    /// Called before each run; returns true after the time limit.
    package var isLate: () -> Bool
    /// Called before each run with the progress.
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
