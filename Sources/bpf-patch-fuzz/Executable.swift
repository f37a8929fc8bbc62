import ArgumentParser
import Campaign
import Foundation

/// This program, as campaigns start it and write its commands.
struct Executable: HostProgram {
    /// The file that this process was started from.
    var url: URL { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath() }

    func childArguments(for task: ChildTask) -> [String] { [Child._commandName, task.role] }

    var commandLine = CommandLine.arguments

    func options(of configuration: CampaignConfiguration) -> [String] { ConfigurationOptions.words(configuration) }

    func command(resuming state: String, of target: CampaignTarget) -> [String] {
        command(running: target) + [stateOption, state, resumeOption]
    }

    func command(showing file: String, plugins: [PluginFile]) -> [String] {
        [commandLine[0], Show._commandName, file]
            + plugins.flatMap { ["--plugin", PluginFile.argument(name: $0.name, path: $0.path)] }
    }

    let restartOption = "--restart"
    let resumeOption = "--resume"
    let stateOption = "--state"

    func option(naming path: String) -> String { "--plugin NAME=\(path)" }

    /// The command that runs campaigns of a target, without options.
    func command(running target: CampaignTarget) -> [String] {
        switch target {
        case .patchers: [commandLine[0], Run._commandName]
        case .kernel: [commandLine[0], Kernel._commandName, KernelRun._commandName]
        }
    }
}

/// Lets this command be run by a process that plug-ins may end, when there are any, and ends with its status.
///
/// - Parameters:
///   - more: words to add to the command line
///   - timeout: how many seconds a plug-in may take for a line of the input, if there is a limit
///   - input: the name of the input in messages
/// - Throws: the exit status, or ``CampaignError`` when the process cannot be started
func confine(
    _ patchers: [PatcherChoice], adding more: [String] = [], timeout: Double? = nil, input: String = ""
) throws {
    let plugins = patchers.compactMap(\.plugin)
    if plugins.isEmpty { return }
    if PluginSandbox.isInside {
        PluginProcess.beginCommand()
        return try Output.keepToItself()
    }
    let words = Array(CommandLine.arguments.dropFirst()) + more
    throw ExitCode(
        try PluginProcess.run(
            host: Executable(), PluginProcess.Command(words, timeout: timeout, input: input), plugins: plugins))
}

/// `child`: a process that this program starts for a task, which is on its standard input.
struct Child: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "child", shouldDisplay: false)

    /// The role of the process, for users who list processes; the task has it too.
    @Argument var role: String

    func run() throws {
        do { try ChildTask.receive().run() } catch { throw stop(error) }
    }
}
