import Foundation
import UserFiles

/// What AddressSanitizer writes about a plug-in, and how it is told where.
enum SanitizerReports {
    /// The variable by which it is told what to do.
    static let variable = "ASAN_OPTIONS"

    /// What is wanted of reports.
    enum Use {
        /// Short ones in files, which cost little.
        case counting
        /// Ones with the names of functions in files.
        case reading
        /// Ones with the names of functions on standard error.
        case showing
    }

    /// What the names of reports begin with, behind which the number of the process stands; `nil` without a sanitizer.
    static var prefix: String? {
        let options = ProcessInfo.processInfo.environment[variable] ?? ""
        return options.split(separator: ":").last { $0.hasPrefix("log_path=") }.map { String($0.dropFirst(9)) }
    }

    /// The variable by which a judge is told that somebody reads what patchers say when they end a process.
    static let readingVariable = "BPF_PATCH_FUZZ_REPORTS"

    /// Whether somebody does.
    static var areRead: Bool { ProcessInfo.processInfo.environment[readingVariable] != nil }

    /// The options that let a report be found again, behind what the user has asked for.
    static func options(_ use: Use) -> String {
        let users = ProcessInfo.processInfo.environment[variable].map { $0 + ":" } ?? ""
        let own = users + "detect_leaks=0:handle_abort=1:allow_user_segv_handler=1:exitcode=77"
        if use == .showing { return own }
        let prefix = TemporaryFolder.path + "/bpf-patch-fuzz-\(getpid())-asan"
        return own + ":symbolize=\(use == .reading ? 1 : 0):log_path=\(prefix)"
    }

    /// What a report says of the plug-in: without addresses, which differ from run to run, the harness below it, and memory.
    ///
    /// - Complexity: O(length)
    static func condensed(_ report: String) -> String {
        var lines: [String] = []
        var isBelow = false
        for line in report.split(separator: "\n").map(String.init) {
            if line.hasPrefix("Shadow bytes") { break }
            if line.hasPrefix("    #") {
                // What called the plug-in is Swift.
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
