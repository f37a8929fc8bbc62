import ArgumentParser
import Campaign

/// The option that says how long one case may take, also where it is a line of `apply`.
struct TimeoutOption: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a patcher may take for one case before it counts as hanging: seconds, or as 500ms. Default: 2s.",
            valueName: "time"),
        transform: NumberOption.time(from: 0.05))
    var timeout = CaseBudget().timeout
}

/// The options that say what one case may take.
struct BudgetOptions: ParsableArguments {
    @OptionGroup var limit: TimeoutOption

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much memory a worker may take beyond what it starts with, as 2048 or 2G; 0 for no limit. Default: 2G.",
            valueName: "MiB"),
        transform: NumberOption.memory)
    var memory = CaseBudget().memory ?? 0

    var chosen: CaseBudget { CaseBudget(timeout: limit.timeout, memory: memory == 0 ? nil : memory) }
}
