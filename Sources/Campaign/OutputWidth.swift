import Foundation

/// The width of printed text: one rule for tables, pictures, sentences and help.
package enum OutputWidth {
    /// The minimum; narrower text is unreadable.
    static let least = 40
    /// The maximum, so that padded lines fit in memory.
    static let most = 1000
    /// The width without COLUMNS and without a terminal, as in a pipe or a file.
    static let usual = 120

    /// COLUMNS if it is a positive number, else the width of the terminal, else 120; within the bounds.
    ///
    /// - Units: columns
    package static var columns: Int {
        columns(ProcessInfo.processInfo.environment["COLUMNS"], terminal: terminal)
    }

    /// The width of lists in help. The argument parser wraps at 80 columns without a terminal, and breaks a line that
    /// fills all columns.
    ///
    /// - Units: columns
    package static var help: Int { min(columns, 80) - 1 }

    /// The width for a value of COLUMNS and the width of a terminal.
    static func columns(_ variable: String?, terminal: Int?) -> Int {
        let chosen = variable.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        return min(max(chosen ?? terminal ?? usual, least), most)
    }

    /// The terminal's width. If standard output is a pager, standard error still has it.
    private static var terminal: Int? {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            var size = winsize()
            if unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 { return Int(size.ws_col) }
        }
        return nil
    }

    /// Corrects an implausible COLUMNS before libraries use it.
    package static func boundEnvironment() {
        guard let variable = ProcessInfo.processInfo.environment["COLUMNS"] else { return }
        guard let number = Int(variable), number > 0 else {
            unsafe unsetenv("COLUMNS")
            return
        }
        let bounded = columns(variable, terminal: nil)
        if number != bounded { unsafe setenv("COLUMNS", "\(bounded)", 1) }
    }

    /// Wraps a text as ``wrap(_:to:indent:)`` for a terminal or with COLUMNS; files and pipes get whole lines.
    package static func fit(_ text: String) -> String {
        let hasWidth = ProcessInfo.processInfo.environment["COLUMNS"] != nil || isatty(STDOUT_FILENO) != 0
        return hasWidth ? wrap(text) : text
    }

    /// Breaks each line of a text between words and indents the continuation lines. Words are never broken.
    ///
    /// - Parameter indent: the indentation of continuation lines, added to that of the line
    package static func wrap(_ text: String, to width: Int = columns, indent: Int = 2) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.count <= width { return String(line) }
            let margin = String(line.prefix { $0 == " " })
            let hanging = margin + String(repeating: " ", count: indent)
            var lines = [margin]
            var isEmpty = true
            for word in line.dropFirst(margin.count).split(separator: " ", omittingEmptySubsequences: false) {
                if !isEmpty && lines[lines.count - 1].count + 1 + word.count > width {
                    lines.append(hanging)
                    isEmpty = true
                }
                lines[lines.count - 1] += (isEmpty ? "" : " ") + word
                isEmpty = false
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
