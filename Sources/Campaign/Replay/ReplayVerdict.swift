/// What became of one case.
public enum ReplayVerdict: Sendable {
    case passed
    /// Findings, or another result than the file expects: a reason a line.
    case failed([String])
    /// The file or the program in it cannot be used.
    case broken(String)
    /// A case against the running kernel: whether it still shows what was found, in a line.
    case asked(String, isShown: Bool)
    /// A case that was not run, and why.
    case skipped(String)
}
