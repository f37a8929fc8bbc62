import CProcess
import Foundation
import Plugins
import SystemPackage
import UserFiles

/// Keeps plug-ins out of the process that a user has started: they are only ever loaded in others, which they may end.
package enum PluginSandbox {
    private static let variable = "BPF_PATCH_FUZZ_CONFINED"

    /// The number of the descriptor of a board, for a process that runs a whole command.
    static let boardVariable = "BPF_PATCH_FUZZ_BOARD"

    /// The descriptor of the board that this process shares with the one that started it, if there is one.
    static var board: FileDescriptor? {
        ProcessInfo.processInfo.environment[boardVariable].flatMap { Int32($0) }.map(FileDescriptor.init(rawValue:))
    }

    /// Whether this process is one that a plug-in may end.
    package static var isInside: Bool { ProcessInfo.processInfo.environment[variable] != nil }

    /// Whether a child of this process is one that a plug-in may end, or is started by such a one.
    ///
    /// Children of a worker cannot be read, which write no core; commands of the user can.
    static func isInside(_ child: pid_t) -> Bool {
        guard let bytes = try? FileReader.bytes(of: "/proc/\(child)/environ") else { return true }
        return bytes.split(separator: 0).contains { $0.starts(with: (variable + "=").utf8) }
    }

    /// Makes this process the parent of what plug-ins leave running, so that it can end that.
    ///
    /// A program calls it once, when it starts. It is not for a process that has other children to wait for.
    package static func adoptOrphans() { _ = process_adopt_orphans() }

    /// The environment of a process into which the plug-ins at some paths may be loaded.
    ///
    /// - Throws: ``CampaignError`` when something that a plug-in needs is not to be found
    static func environment(
        for plugins: [String], reports: SanitizerReports.Use
    ) throws(CampaignError) -> [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment[variable] = "1"
        environment[boardVariable] = nil
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
}
