import Foundation

/// The program that runs campaigns: how it is started as a child, and how its commands are written.
///
/// Options belong to the program. This module names none of them, and asks for the words where a message needs some.
public protocol HostProgram: Sendable {
    /// The executable.
    var url: URL { get }
    /// The arguments with which it calls ``ChildTask/receive()`` and runs the task; the task's role is one of them, for `ps`.
    func childArguments(for task: ChildTask) -> [String]
    /// The command line by which it was started.
    var commandLine: [String] { get }

    /// The options that describe a configuration.
    func options(of configuration: CampaignConfiguration) -> [String]

    /// The command that resumes the campaign in a folder.
    func command(resuming state: String, of target: CampaignTarget) -> [String]

    /// The command that shows a case, with the plug-ins that the case needs.
    func command(showing file: String, plugins: [PluginFile]) -> [String]

    /// The option that starts a campaign in the place of the one that a state holds.
    var restartOption: String { get }

    /// The option that resumes the campaign that a state holds.
    var resumeOption: String { get }

    /// The option that names a folder of state.
    var stateOption: String { get }

    /// The option that gives the plug-in at a path a name.
    func option(naming path: String) -> String
}
