import Campaign
import Fuzzing
import KernelRewrites

/// The command-line options of a configuration: the reverse of parsing.
enum ConfigurationOptions {
    /// An option and its values: none for a flag, several for a repeated option.
    typealias Option = (name: String, values: [String])

    /// The words of a command line, without the command.
    static func words(_ configuration: CampaignConfiguration) -> [String] { options(configuration).flatMap(words(of:)) }

    /// The words of a command line that runs one case.
    static func words(ofCase index: UInt64, _ configuration: CampaignConfiguration) -> [String] {
        let seed = bounds(configuration.target) ?? [("--seed", [String(configuration.cases.seed)])]
        let own: [Option] = seed + [("--index", [String(index)])]
        return (own + options(configuration.target)).flatMap(words(of:))
    }

    private static func words(of option: Option) -> [String] {
        option.values.isEmpty ? [option.name] : option.values.flatMap { [option.name, $0] }
    }

    /// The options of a configuration in printing order, without defaults except for `--jobs`.
    static func options(_ configuration: CampaignConfiguration) -> [Option] {
        let (cases, budget) = (configuration.cases, configuration.budget)
        let bounds = bounds(configuration.target)
        var options: [Option] = bounds ?? [("--seed", [String(cases.seed)])]
        // The bounds imply the number of all cases.
        let all = bounds == nil ? nil : configuration.target.patchers?.exhaustive?.cases.count
        if let limit = cases.limit, limit != all { options.append(("--cases", [String(limit)])) }
        if let time = budget.time {
            options.append(("--time", [time == time.rounded() ? String(Int(time)) : String(time)]))
        }
        options.append(("--jobs", [String(budget.jobs)]))
        options += Self.options(configuration.target)
        if cases.shard != .whole { options.append(("--shard", [cases.shard.description])) }
        if configuration.output != CampaignConfiguration.defaultOutput {
            options.append(("--crashes", [configuration.output]))
        }
        return options
    }

    /// The options of an exhaustive campaign, or `nil`.
    private static func bounds(_ target: CampaignTarget) -> [Option]? {
        target.patchers?.exhaustive.map { [("--slots", [String($0.slots)]), ("--edits", [String($0.edits)])] }
    }

    private static func options(_ target: CampaignTarget) -> [Option] {
        switch target {
        case .patchers(let target): options(target)
        case .kernel(let target): options(target)
        }
    }

    private static func options(_ target: PatcherTarget) -> [Option] {
        var options: [Option] = []
        if target.patchers != PatcherChoice.builtIn {
            let named = target.patchers.filter { $0.plugin == nil }
            let others = named.filter { !PatcherChoice.builtIn.contains($0) }
            let isAll = named.count - others.count == PatcherChoice.builtIn.count
            let names = isAll ? ["all"] + others.map(\.name) : named.map(\.name)
            if !names.isEmpty { options.append(("--patcher", names)) }
            let plugins = target.patchers.compactMap(\.plugin).map {
                PluginFile.argument(name: $0.givenName, path: $0.path)
            }
            if !plugins.isEmpty { options.append(("--plugin", plugins)) }
        }
        let oracle = target.oracleOptions
        if oracle.beyondContract { options.append(("--beyond-contract", [])) }
        if oracle.failAlloc > 0 { options.append(("--fail-alloc", [String(oracle.failAlloc)])) }
        if oracle.oracle != .fast { options.append(("--oracle", [oracle.oracle.rawValue])) }
        if !target.objects.isEmpty { options.append(("--objects", target.objects)) }
        if target.workloads == Workload.allCases {
            options.append(("--workload", ["all"]))
        } else if !target.workloads.isEmpty {
            options.append(("--workload", target.workloads.map(\.name)))
        }
        if target.countsCoverage == true { options.append(("--coverage", [])) }
        let standard = CaseBudget()
        if target.budget.timeout != standard.timeout {
            options.append(("--timeout", [String(target.budget.timeout)]))
        }
        if target.budget.memory != standard.memory {
            options.append(("--memory", [String(target.budget.memory ?? 0)]))
        }
        return options
    }

    private static func options(_ target: KernelTarget) -> [Option] {
        var options: [Option] = []
        if target.profiles != ProgramProfile.allCases {
            options.append(("--profile", target.profiles.map(\.rawValue)))
        }
        if target.isExecuting { options.append(("--execute", [])) }
        if let injectedFault = target.injectedFault { options.append(("--plant", [injectedFault.rawValue])) }
        return options
    }
}
