import ArgumentParser
import Campaign

/// The option for the time limit of one case, or of one line of `apply`.
struct TimeoutOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The time limit of one case, after which its patcher counts as hanging: seconds, or 500ms. Default: 2s.",
            valueName: "time"),
        transform: NumberOption.time(from: 0.05))
    var timeout: Double?

    /// The time limit of one case.
    ///
    /// - Units: seconds
    var seconds: Double { timeout ?? CaseBudget().timeout }
}

/// The options that limit one case.
struct BudgetOptions: ParsableArguments {
    @OptionGroup var limit: TimeoutOption

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The limit for the memory that cases allocate in a worker: 2048 or 2G; 0 for no limit. Default: 2G.",
            valueName: "MiB"),
        transform: NumberOption.memory)
    var memory: UInt64?

    /// A budget with the options that are given.
    func budget(over budget: CaseBudget) -> CaseBudget {
        CaseBudget(
            timeout: limit.timeout ?? budget.timeout, memory: memory.map { $0 == 0 ? nil : $0 } ?? budget.memory)
    }

    var chosen: CaseBudget { budget(over: CaseBudget()) }

    /// The name of the first option that is given, or `nil`.
    var givenName: String? { limit.timeout != nil ? "--timeout" : memory != nil ? "--memory" : nil }
}
