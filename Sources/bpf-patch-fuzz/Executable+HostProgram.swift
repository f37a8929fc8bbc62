import Campaign

extension Executable: HostProgram {
    func childArguments(for task: ChildTask) -> [String] { [Child._commandName, task.role] }

    func options(of configuration: CampaignConfiguration) -> [String] { ConfigurationOptions.words(configuration) }

    /// The command that runs campaigns of a target, without options.
    func command(running target: CampaignTarget) -> [String] {
        switch target {
        case .patchers(let target):
            [commandLine[0], target.exhaustive == nil ? Run._commandName : Exhaust._commandName]
        case .kernel: [commandLine[0], Kernel._commandName, KernelRun._commandName]
        }
    }

    func command(resuming state: String, of target: CampaignTarget) -> [String] {
        command(running: target) + [stateOption, state, resumeOption]
    }

    func command(showing file: String, plugins: [PluginFile]) -> [String] {
        [commandLine[0], Show._commandName, file]
            + plugins.flatMap { ["--plugin", PluginFile.argument(name: $0.name, path: $0.path)] }
    }

    func command(drawing file: String, plugins: [PluginFile]) -> [String] {
        command(showing: file, plugins: plugins) + ["--html"]
    }

    func command(replaying file: String, isKernel: Bool, plugins: [PluginFile]) -> [String] {
        [commandLine[0]] + (isKernel ? [Kernel._commandName] : []) + [Replay._commandName, file]
            + plugins.flatMap { ["--plugin", PluginFile.argument(name: $0.name, path: $0.path)] }
    }

    func option(naming path: String) -> String { "--plugin NAME=\(path)" }
}
