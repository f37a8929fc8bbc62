import ArgumentParser
import Campaign

/// Runs this command in a child process if there are plug-ins, since they may crash, and throws its exit status.
///
/// - Parameters:
///   - more: words to add to the command line
///   - timeout: the time limit of a plug-in for a line of the input in seconds, or `nil`
///   - input: the name of the input in messages
/// - Throws: the exit status, or ``CampaignError`` if the process cannot be started
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
