import Campaign
import Foundation
import TestSupport

/// The built command line, as the program of child processes.
struct ToolHost: HostProgram {
    var url: URL { URL(fileURLWithPath: TestProcess.tool) }
    var commandLine: [String] { ["bpf-patch-fuzz"] }
    var restartOption: String { "--restart" }
    var resumeOption: String { "--resume" }
    var stateOption: String { "--state" }

    func childArguments(for task: ChildTask) -> [String] { ["child", task.role] }
    func options(of configuration: CampaignConfiguration) -> [String] { [] }
    func option(naming path: String) -> String { path }
    func command(resuming state: String, of target: CampaignTarget) -> [String] { commandLine }
    func command(showing file: String, plugins: [PluginFile]) -> [String] { commandLine }
    func command(drawing file: String, plugins: [PluginFile]) -> [String] { commandLine }
    func command(replaying file: String, isKernel: Bool, plugins: [PluginFile]) -> [String] { commandLine }
    func command(running target: CampaignTarget) -> [String] { commandLine }
}
