import Foundation

/// The program that runs campaigns: its executable, its options and the command lines in messages.
///
/// Options belong to the program. This module contains none of them and gets the words for messages from here.
package protocol HostProgram: Sendable {
    /// The executable.
    var url: URL { get }
    /// The arguments of a child process, which receives the task and runs it. They contain the task's
    /// role for `ps`.
    func childArguments(for task: ChildTask) -> [String]
    /// The command line of this process.
    var commandLine: [String] { get }

    /// The options that describe a configuration.
    func options(of configuration: CampaignConfiguration) -> [String]

    /// The command that resumes the campaign in a folder.
    func command(resuming state: String, of target: CampaignTarget) -> [String]

    /// The command that shows a case, with the plug-ins that the case needs.
    func command(showing file: String, plugins: [PluginFile]) -> [String]

    /// The command that draws a case as HTML, with the plug-ins that the case needs.
    func command(drawing file: String, plugins: [PluginFile]) -> [String]

    /// The command that runs a stored case again, with the plug-ins that the case needs.
    ///
    /// - Parameter isKernel: true for a case that was found in a kernel
    func command(replaying file: String, isKernel: Bool, plugins: [PluginFile]) -> [String]

    /// The command that runs campaigns of a target, without options.
    func command(running target: CampaignTarget) -> [String]

    /// The option that replaces the campaign in a state folder.
    var restartOption: String { get }

    /// The option that resumes the campaign in a state folder.
    var resumeOption: String { get }

    /// The option for the state folder.
    var stateOption: String { get }

    /// The option that names the plug-in at a path.
    func option(naming path: String) -> String
}
