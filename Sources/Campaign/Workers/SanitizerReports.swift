import Foundation
import UserFiles

/// The reports of AddressSanitizer about plug-ins, and its options.
enum SanitizerReports {
    /// The variable with the options.
    static let variable = "ASAN_OPTIONS"

    /// The use of reports.
    enum Use {
        /// Files without function names, which are cheap.
        case counting
        /// Files with function names.
        case reading
        /// Standard error, with function names.
        case showing
    }

    /// The path of reports without the process number; `nil` without a sanitizer.
    static var prefix: String? {
        let options = ProcessInfo.processInfo.environment[variable] ?? ""
        return options.split(separator: ":").last { $0.hasPrefix("log_path=") }.map { String($0.dropFirst(9)) }
    }

    /// The variable that makes a judge return the reports of dying patchers.
    static let readingVariable = "BPF_PATCH_FUZZ_REPORTS"

    /// True if a judge returns reports.
    static var areRead: Bool { ProcessInfo.processInfo.environment[readingVariable] != nil }

    /// The options for a use, after those of the user.
    static func options(_ use: Use) -> String {
        let users = ProcessInfo.processInfo.environment[variable].map { $0 + ":" } ?? ""
        let own = users + "detect_leaks=0:handle_abort=1:allow_user_segv_handler=1:exitcode=77"
        if use == .showing { return own }
        let prefix = TemporaryFolder.path + "/bpf-patch-fuzz-\(getpid())-asan"
        return own + ":symbolize=\(use == .reading ? 1 : 0):log_path=\(prefix)"
    }

    /// The report without addresses, which differ between runs, without stack frames of the harness, and without the
    /// memory dump.
    ///
    /// - Complexity: O(length)
    static func condensed(_ report: String) -> String {
        var lines: [String] = []
        var isBelow = false
        for line in report.split(separator: "\n").map(String.init) {
            if line.hasPrefix("Shadow bytes") { break }
            if line.hasPrefix("    #") {
                // The callers of the plug-in are Swift functions.
                isBelow = isBelow || line.contains(" in $s")
                if !isBelow { lines.append(withoutAddresses(line)) }
            } else if !line.hasPrefix("====") {
                isBelow = false
                lines.append(withoutAddresses(line))
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func withoutAddresses(_ line: String) -> String {
        line.replacing(#/^==[0-9]+==/#, with: "").replacing(#/ on (unknown )?address .*/#, with: "")
            .replacing(#/ at 0x[0-9a-f]+ thread/#, with: " in thread").replacing(#/ 0x[0-9a-f]+ in /#, with: " in ")
            .replacing(#/^0x[0-9a-f]+ is/#, with: "The address is").replacing(#/\+0x[0-9a-f]+\)/#, with: ")")
            .replacing(#/ \(BuildId: [0-9a-f]+\)/#, with: "").replacing(#/ ?\[0x[0-9a-f]+,0x[0-9a-f]+\)/#, with: "")
            .trimmingCharacters(in: .whitespaces)
    }
}
