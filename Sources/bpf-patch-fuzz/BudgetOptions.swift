import ArgumentParser
import Campaign

/// The options that say what one case may take.
struct BudgetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long a patcher may take for one case before it counts as hanging.", valueName: "seconds"))
    var timeout = CaseBudget().timeout

    @Option(
        help: ArgumentHelp(
            "How much memory a worker may take beyond what it starts with; 0 for no limit.", valueName: "MiB"))
    var memory = CaseBudget().memory ?? 0

    mutating func validate() throws {
        if !(timeout >= 0.05 && timeout < 1e6) { throw ValidationError("--timeout takes seconds, 0.05 or more") }
        if memory > 1 << 30 { throw ValidationError("--memory takes MiB, up to 2^30") }
    }

    var chosen: CaseBudget { CaseBudget(timeout: timeout, memory: memory == 0 ? nil : memory) }
}
