import Campaign
import Foundation
import TestSupport

@testable import bpf_patch_fuzz

/// The built command line, run as a user runs it.
struct Tool {
    typealias Outcome = TestProcess.Outcome
    typealias Folder = TestFolder

    /// The built executable.
    static let executable = URL(fileURLWithPath: TestProcess.tool)

    /// The executable as campaigns start it and print its commands.
    static let host = Host()

    struct Host: HostProgram {
        private let program = Executable(commandLine: ["bpf-patch-fuzz"])

        var url: URL { Tool.executable }
        var commandLine: [String] { program.commandLine }
        var restartOption: String { program.restartOption }
        var resumeOption: String { program.resumeOption }
        var stateOption: String { program.stateOption }

        func childArguments(for task: ChildTask) -> [String] { program.childArguments(for: task) }
        func options(of configuration: CampaignConfiguration) -> [String] { program.options(of: configuration) }
        func option(naming path: String) -> String { program.option(naming: path) }

        func command(resuming state: String, of target: CampaignTarget) -> [String] {
            program.command(resuming: state, of: target)
        }

        func command(showing file: String, plugins: [PluginFile]) -> [String] {
            program.command(showing: file, plugins: plugins)
        }

        func command(drawing file: String, plugins: [PluginFile]) -> [String] {
            program.command(drawing: file, plugins: plugins)
        }

        func command(replaying file: String, isKernel: Bool, plugins: [PluginFile]) -> [String] {
            program.command(replaying: file, isKernel: isKernel, plugins: plugins)
        }

        func command(running target: CampaignTarget) -> [String] { program.command(running: target) }
    }

    /// Runs a command to its end.
    ///
    /// - Parameters:
    ///   - program: another program to run
    ///   - meanwhile: called while it runs
    static func run(
        _ arguments: [String], input: String = "", program: URL = executable,
        meanwhile: (TestProcess) throws -> Void = { _ in }
    ) throws -> Outcome {
        try TestProcess.run([program.path] + arguments, input: input, meanwhile: meanwhile)
    }
}
