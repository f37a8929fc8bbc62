import Foundation
import Plugins

/// Where AddressSanitizer writes what it finds in a plug-in, and how it gets into a process.
enum SanitizerReports {
    /// The variable by which it is told what to do.
    static let variable = "ASAN_OPTIONS"

    /// What the names of reports begin with, behind which the number of the process stands; `nil` without a sanitizer.
    static var prefix: String? {
        let options = ProcessInfo.processInfo.environment[variable] ?? ""
        return options.split(separator: ":").last { $0.hasPrefix("log_path=") }.map { String($0.dropFirst(9)) }
    }

    /// The options that let a report be found again, behind what the user has asked for.
    static var options: String {
        let prefix = NSTemporaryDirectory() + "bpf-patch-fuzz-\(getpid())-asan"
        let users = ProcessInfo.processInfo.environment[variable].map { $0 + ":" } ?? ""
        return users + "detect_leaks=0:handle_abort=1:allow_user_segv_handler=1:log_path=\(prefix)"
    }

    /// What must be in a process before some patchers can be loaded.
    ///
    /// - Throws: ``CampaignError`` when it is not to be found
    static func runtimes(of patchers: [PatcherChoice]) throws(CampaignError) -> [String] {
        var runtimes: [String] = []
        for path in patchers.compactMap(\.file) {
            do throws(PluginError) {
                if let runtime = try SanitizerRuntime.needed(by: path), !runtimes.contains(runtime) {
                    runtimes.append(runtime)
                }
            } catch { throw CampaignError(error.description) }
        }
        return runtimes
    }
}
