import Foundation

/// Where AddressSanitizer writes what it finds in a plug-in.
enum SanitizerReports {
    private static let variable = "ASAN_OPTIONS"

    /// What the names of reports begin with, behind which the number of the process stands; `nil` without a sanitizer.
    static var prefix: String? {
        let options = ProcessInfo.processInfo.environment[variable] ?? ""
        return options.split(separator: ":").last { $0.hasPrefix("log_path=") }.map { String($0.dropFirst(9)) }
    }

    /// The options that let a report be found again, behind what the user has asked for.
    static func options(prefix: String) -> String {
        let own = "detect_leaks=0:handle_abort=1:allow_user_segv_handler=1:exitcode=86:log_path=\(prefix)"
        let users = ProcessInfo.processInfo.environment[variable] ?? ""
        return users.isEmpty ? own : users + ":" + own
    }
}
