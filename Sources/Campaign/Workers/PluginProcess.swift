import Foundation
import Plugins

/// A process that is there for a plug-in to be loaded into, and may be ended by it.
public enum PluginProcess {
    /// How long a plug-in may take to be loaded.
    ///
    /// - Units: seconds
    private static let patience = 10.0

    /// What a plug-in says of itself, which it is asked in another process.
    ///
    /// - Parameter program: the executable that serves as that process
    /// - Throws: ``CampaignError`` when the plug-in cannot be used
    static func describe(_ file: PluginFile, program: URL) throws(CampaignError) -> Plugin.Description {
        let path = file.path
        let process = try WorkerProcess(
            program: program, ["describe"] + (file.name.map { ["--name", $0] } ?? []) + ["--", path], plugins: [path])
        var text = Data()
        while process.isReady(within: patience), let bytes = process.readBytes() { text += bytes }
        if !process.isReady(within: 0) {
            process.kill()
            _ = process.waitUntilExit()
            throw CampaignError("\(path): does not come to an end when it is loaded")
        }
        switch process.waitUntilExit() {
        case .killed(let signal):
            throw CampaignError("\(path): ends the process with signal \(signal) when it is loaded")
        case .done, .failed:
            if let found = try? JSONDecoder().decode(Plugin.Description.self, from: text) { return found }
            let reason = String(decoding: text, as: UTF8.self)
            throw CampaignError(reason.isEmpty ? "\(path): ends the process when it is loaded" : reason)
        }
    }

    /// Answers ``describe(_:program:)`` on standard output: a description in JSON, or a line that says why there is none.
    public static func answer(_ file: PluginFile) throws(CampaignError) {
        let output = try WorkerOutput()
        do throws(PluginError) {
            let description = try Plugin(path: file.path, name: file.name).description
            output.write(Array((try? JSONEncoder().encode(description)) ?? Data()))
        } catch { output.write(Array(error.description.utf8)) }
    }

    /// Runs this command once more in a process that plug-ins may end, with the same input and output.
    ///
    /// - Returns: the exit status of the command, also when a plug-in has ended the process
    /// - Throws: ``CampaignError`` when it cannot be started
    public static func runAgain(
        program: URL, _ arguments: [String], plugins: [Plugin.Description]
    ) throws(CampaignError) -> Int32 {
        let process = try WorkerProcess(program: program, inheriting: arguments, plugins: plugins.map(\.path))
        switch process.waitUntilExit() {
        case .done: return 0
        case .failed(let status): return status
        case .killed(let signal):
            let names = plugins.map(\.name).joined(separator: " or ")
            Output.note("error: \(names) ends the process with \(Death.name(ofSignal: signal).uppercased())\n")
            return 77
        }
    }
}
