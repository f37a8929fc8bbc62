import ArgumentParser
import Campaign
import Foundation

/// This program, to be started again where a patcher needs a process of its own.
enum Executable {
    static var url: URL { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath() }

    /// What a shell must be told to run one of this program's commands.
    static func words(_ command: [String]) -> String {
        ([CommandLine.arguments[0].shellQuotedCommand] + command).joined(separator: " ")
    }
}

/// Lets this command be run by a process that plug-ins may end, when there are any, and ends with its status.
///
/// - Parameters:
///   - more: words to add to the command line
///   - timeout: how many seconds a plug-in may take for a line of the input, if there is a limit
///   - input: what messages call the input
/// - Throws: the exit status, or ``CampaignError`` when the process cannot be started
func confine(
    _ patchers: [PatcherChoice], adding more: [String] = [], timeout: Double? = nil, input: String = ""
) throws {
    let plugins = patchers.compactMap(\.plugin)
    if plugins.isEmpty { return }
    if Confinement.isInside {
        PluginProcess.beginCommand()
        return try Output.keepToItself()
    }
    let words = Array(CommandLine.arguments.dropFirst()) + more
    throw ExitCode(
        try PluginProcess.run(
            program: Executable.url, PluginProcess.Command(words, timeout: timeout, input: input), plugins: plugins))
}

/// `describe`: says what a plug-in is; started by whoever must not load it.
struct Describe: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "describe", shouldDisplay: false)

    @Option var name: String?
    @Argument var path: String

    func run() throws {
        do { try PluginProcess.answer(PluginFile(path: path, name: name)) } catch { throw stop(error) }
    }
}
