import Foundation
import Plugins

/// Keeps plug-ins out of the process that a user has started: they are only ever loaded in others, which they may end.
public enum Confinement {
    private static let variable = "BPF_PATCH_FUZZ_CONFINED"
    /// How long a plug-in may take to be loaded.
    ///
    /// - Units: seconds
    private static let patience = 10.0

    /// Whether this process is one that a plug-in may end.
    public static var isInside: Bool { ProcessInfo.processInfo.environment[variable] != nil }

    /// The environment of a process into which the plug-ins at some paths may be loaded.
    ///
    /// - Throws: ``CampaignError`` when something that a plug-in needs is not to be found
    static func environment(
        for plugins: [String], reports: SanitizerReports.Use
    ) throws(CampaignError) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment[variable] = "1"
        // A trap must end a process at once; the case that caused it is known.
        environment["SWIFT_BACKTRACE"] = "enable=no"
        environment[SanitizerReports.readingVariable] = reports == .reading ? "1" : nil
        var runtimes: [String] = []
        for path in plugins {
            do throws(PluginError) {
                if let runtime = try SanitizerRuntime.needed(by: path), !runtimes.contains(runtime) {
                    runtimes.append(runtime)
                }
            } catch { throw CampaignError(error.description) }
        }
        if !runtimes.isEmpty {
            let earlier = environment["LD_PRELOAD"].map { [$0] } ?? []
            environment["LD_PRELOAD"] = (runtimes + earlier).joined(separator: ":")
            environment[SanitizerReports.variable] = SanitizerReports.options(reports)
        }
        return environment
    }

    /// What a plug-in says of itself, which it is asked in another process.
    ///
    /// - Parameter program: the executable that serves as that process
    /// - Throws: ``CampaignError`` when the plug-in cannot be used
    static func describe(_ path: String, program: URL) throws(CampaignError) -> Plugin.Description {
        let process = try WorkerProcess(program: program, ["describe", path], plugins: [path])
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
    public static func answer(_ path: String) throws(CampaignError) {
        let output = try WorkerOutput()
        do throws(PluginError) {
            let description = try Plugin(path: path).description
            output.write(Array((try? JSONEncoder().encode(description)) ?? Data()))
        } catch { output.write(Array(error.description.utf8)) }
    }

    /// Runs this command once more in a process that plug-ins may end, with the same input and output.
    ///
    /// - Returns: the exit status of the command, also when a plug-in has ended the process
    /// - Throws: ``CampaignError`` when it cannot be started
    public static func runAgain(
        program: URL, _ arguments: [String], patchers: [PatcherChoice]
    ) throws(CampaignError) -> Int32 {
        let plugins = patchers.compactMap(\.plugin)
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
