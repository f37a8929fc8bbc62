/// How far a minimization has come.
public struct MinimizerProgress {
    /// How many cases were run.
    public var runs: Int
    /// The size of the smallest case so far.
    public var size: CaseSize
    /// The reducer at work.
    public var reducer: String

    public init(runs: Int, size: CaseSize, reducer: String) {
        self.runs = runs
        self.size = size
        self.reducer = reducer
    }
}

/// How much is tried before the smallest case so far is taken.
public struct MinimizerLimit {
    /// How many cases are run.
    public var candidates: Int
    /// How many candidates may be in the bucket, where each of these is dear.
    public var matches: Int
    /// How many of them may end the process that they are run in.
    public var deadly = Int.max
    /// Queried before each run: true when it has taken long enough.
    public var isLate: () -> Bool
    /// Told of each run before it.
    public var progress: (MinimizerProgress) -> Void

    public init(
        candidates: Int = .max, matches: Int = .max, isLate: @escaping () -> Bool = { false },
        progress: @escaping (MinimizerProgress) -> Void = { _ in }
    ) {
        self.candidates = candidates
        self.matches = matches
        self.isLate = isLate
        self.progress = progress
    }
}
