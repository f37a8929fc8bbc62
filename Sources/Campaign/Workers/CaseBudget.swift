/// What one case may take before the patcher that is asked counts as broken.
public struct CaseBudget: Hashable, Sendable {
    /// How long one case may take.
    ///
    /// - Units: seconds
    public var timeout: Double
    /// How much memory a process may hold beyond what it held before its first case, or `nil` for no limit.
    ///
    /// - Units: MiB
    public var memory: UInt64?

    public init(timeout: Double = 2, memory: UInt64? = 2048) {
        self.timeout = timeout
        self.memory = memory
    }

    /// The arguments that say the same on the command line.
    var arguments: [String] {
        let standard = CaseBudget()
        var words: [String] = []
        if timeout != standard.timeout { words += ["--timeout", String(timeout)] }
        if memory != standard.memory { words += ["--memory", String(memory ?? 0)] }
        return words
    }
}
