import Campaign
import Foundation

@testable import bpf_patch_fuzz

/// The built command line, run as a user runs it.
struct Tool {
    /// The result of a run.
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String

        /// The last line on standard output.
        var lastLine: String { output.split(separator: "\n").last.map(String.init) ?? "" }

        /// The last line on standard output, parsed as JSON.
        func report() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(lastLine.utf8)) as? [String: Any] ?? [:]
        }
    }

    /// A temporary folder that is removed in `deinit`.
    final class Folder: Sendable {
        let path = NSTemporaryDirectory() + "bpf-patch-fuzz-test-\(UUID().uuidString)"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        /// Writes a file and returns its path.
        func write(_ text: String, to name: String) throws -> String {
            let file = path + "/" + name
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            return file
        }

        /// All files by name, with their texts.
        func texts() throws -> [String: String] { try Folder.texts(in: path) }

        /// All files of a folder by name, with their texts.
        static func texts(in path: String) throws -> [String: String] {
            var found: [String: String] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: path) {
                found[name] = try String(contentsOfFile: path + "/" + name, encoding: .utf8)
            }
            return found
        }
    }

    /// The executable beside the test bundle.
    static var executable: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("bpf-patch-fuzz")
    }

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
    }

    /// Runs a command to its end.
    ///
    /// - Parameters:
    ///   - program: another program to run
    ///   - meanwhile: called while it runs
    static func run(
        _ arguments: [String], input: String = "", program: URL = executable,
        meanwhile: (Process) throws -> Void = { _ in }
    ) throws -> Outcome {
        let folder = try Folder()
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let inputFile = try folder.write(input, to: "input")
        let outputFile = try folder.write("", to: "output")
        let errorFile = try folder.write("", to: "errors")
        process.standardInput = FileHandle(forReadingAtPath: inputFile)
        process.standardOutput = FileHandle(forWritingAtPath: outputFile)
        process.standardError = FileHandle(forWritingAtPath: errorFile)
        try process.run()
        do {
            try meanwhile(process)
        } catch {
            // A failed test leaves no process behind.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            throw error
        }
        process.waitUntilExit()
        let isKilled = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: isKilled ? -process.terminationStatus : process.terminationStatus,
            output: try String(contentsOfFile: outputFile, encoding: .utf8),
            errors: try String(contentsOfFile: errorFile, encoding: .utf8))
    }
}
