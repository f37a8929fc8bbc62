import CProcess
import Foundation
import Plugins
import SystemPackage
import UserFiles

/// Plug-ins are loaded only into child processes, never into the process that the user started.
package enum PluginSandbox {
    private static let variable = "BPF_PATCH_FUZZ_CONFINED"

    /// The variable with the descriptor of the shared progress, for a process that runs a whole command.
    static let sharedProgressVariable = "BPF_PATCH_FUZZ_PROGRESS"

    /// The descriptor of the progress that this process shares with its parent, or `nil`.
    static var sharedProgress: FileDescriptor? {
        ProcessInfo.processInfo.environment[sharedProgressVariable].flatMap { Int32($0) }.map(
            FileDescriptor.init(rawValue:))
    }

    /// True if this is a child process for plug-ins.
    package static var isInside: Bool { ProcessInfo.processInfo.environment[variable] != nil }

    /// Returns true if a child of this process is one for plug-ins, or was started by one.
    ///
    /// The environment of a worker's children is unreadable, because they are not dumpable; that of the user's commands
    /// is readable.
    static func isInside(_ child: pid_t) -> Bool {
        guard let bytes = try? FileReader.bytes(of: "/proc/\(child)/environ") else { return true }
        return bytes.split(separator: 0).contains { $0.starts(with: (variable + "=").utf8) }
    }

    /// Makes this process a subreaper, so that it can kill processes that plug-ins started.
    ///
    /// Called once at the start of a program that waits for no other children.
    package static func adoptOrphans() { _ = process_adopt_orphans() }

    /// The environment of a child process for plug-ins.
    ///
    /// - Throws: ``CampaignError`` if a sanitizer runtime that a plug-in needs is missing
    static func environment(
        for plugins: [String], reports: SanitizerReports.Use
    ) throws(CampaignError) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment[variable] = "1"
        environment[sharedProgressVariable] = nil
        // Swift's backtraces are slow, and the case is known without them.
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
}
