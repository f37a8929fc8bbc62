import Foundation

/// How wide printed text may be: one rule for tables, pictures, sentences and help.
public enum OutputWidth {
    /// What is taken for fewer columns: narrower, nothing can be read.
    static let least = 40
    /// What is taken for more columns: wider, nothing is better to read, and a text of that width must fit memory.
    static let most = 1000
    /// Where neither COLUMNS nor a terminal says anything, as in a pipe or a file.
    static let usual = 120

    /// COLUMNS if it is a number, else the width of the terminal, else 120.
    ///
    /// - Units: columns
    public static var columns: Int {
        columns(ProcessInfo.processInfo.environment["COLUMNS"], terminal: terminal)
    }

    /// The width of lists in help, where the parser of arguments breaks a line that fills all columns, of which there are 80
    /// without a terminal.
    ///
    /// - Units: columns
    public static var help: Int { min(columns, 80) - 1 }

    /// The same for a value of COLUMNS and the width of a terminal, where these are.
    static func columns(_ variable: String?, terminal: Int?) -> Int {
        let chosen = variable.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        return min(max(chosen ?? terminal ?? usual, least), most)
    }

    /// The terminal's width; when standard output goes into a pager, standard error still knows it.
    private static var terminal: Int? {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            var size = winsize()
            if unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 { return Int(size.ws_col) }
        }
        return nil
    }

    /// Puts a COLUMNS that cannot be meant into bounds, before libraries go by it.
    public static func boundEnvironment() {
        guard let variable = ProcessInfo.processInfo.environment["COLUMNS"] else { return }
        guard let number = Int(variable), number > 0 else {
            unsafe unsetenv("COLUMNS")
            return
        }
        let bounded = columns(variable, terminal: nil)
        if number != bounded { unsafe setenv("COLUMNS", "\(bounded)", 1) }
    }

    /// A text broken as by ``wrap(_:to:indent:)`` where COLUMNS or a terminal has a width; files and pipes get whole lines.
    public static func fit(_ text: String) -> String {
        let hasWidth = ProcessInfo.processInfo.environment["COLUMNS"] != nil || isatty(STDOUT_FILENO) != 0
        return hasWidth ? wrap(text) : text
    }

    /// Breaks each line of a text between words; what continues a line is set in, and a word is never broken.
    ///
    /// - Parameter indent: how far continued lines are set in, beyond the line's own indentation
    public static func wrap(_ text: String, to width: Int = columns, indent: Int = 2) -> String {
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
