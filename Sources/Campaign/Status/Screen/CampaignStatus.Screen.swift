import Foundation

extension CampaignStatus {
    /// The destination of lines.
    struct Screen: Sendable {
        var isTerminal: Bool
        var columns: @Sendable () -> Int
        /// The height, or 1 if there is only room for the status line.
        var rows: @Sendable () -> Int
        var write: @Sendable (String) -> Void
        /// Writes the status line; dropped if it would block.
        var draw: @Sendable (String) -> Void

        /// - Parameter draw: `nil` for `write`
        init(
            isTerminal: Bool, columns: @escaping @Sendable () -> Int, rows: @escaping @Sendable () -> Int = { 1 },
            write: @escaping @Sendable (String) -> Void, draw: (@Sendable (String) -> Void)? = nil
        ) {
            self.isTerminal = isTerminal
            self.columns = columns
            self.rows = rows
            self.write = write
            self.draw = draw ?? write
        }

        /// The control sequence that erases the rest of a line.
        private static let lineEraser = "\u{1b}[K"
        /// The control sequence that erases the rest of the terminal.
        private static let restEraser = "\u{1b}[J"

        /// The number of rows that lines take. If the terminal has become narrower, it has broken long lines.
        private func height(of lines: [String]) -> Int {
            let columns = max(columns(), 1)
            return lines.reduce(0) { $0 + max(($1.count + columns - 1) / columns, 1) }
        }

        /// The control sequence that moves the cursor to the start of some rows, of which it is in the last.
        private static func start(ofRows rows: Int) -> String { rows > 1 ? "\r\u{1b}[\(rows - 1)A" : "\r" }

        /// The control sequence that erases the drawn lines.
        func eraser(of lines: [String]) -> String {
            let rows = height(of: lines)
            return Self.start(ofRows: rows) + (rows > 1 ? Self.restEraser : Self.lineEraser)
        }

        /// Draws lines over others on a terminal, or writes them elsewhere.
        func redraw(_ lines: [String], over old: [String]) {
            if !isTerminal { return draw(lines.joined(separator: "\n") + "\n") }
            let rows = height(of: old)
            let text = lines.map { Self.lineEraser + $0 }.joined(separator: "\n")
            draw(Self.start(ofRows: rows) + text + (rows > 1 ? Self.restEraser : ""))
        }

        /// The interval until the next line.
        ///
        /// - Parameter age: the time since the start of the campaign
        /// - Units: seconds
        func interval(age: Double) -> Double {
            isTerminal ? Interval.terminal : age < Interval.earliness ? Interval.early : Interval.late
        }

        /// No screen.
        static var none: Screen { Screen(isTerminal: false, columns: { 80 }, write: { _ in }) }

        /// Standard error; plain lines if it is no terminal, or the user wants no control sequences.
        static var standardError: Screen {
            Screen(
                isTerminal: isatty(STDERR_FILENO) != 0 && wantsControl(ProcessInfo.processInfo.environment),
                columns: { size.columns }, rows: { size.rows }, write: { Output.note($0, within: .second) },
                draw: { Output.note($0, within: .none) })
        }

        /// Standard error for messages only.
        static var quiet: Screen {
            Screen(
                isTerminal: false, columns: { 80 }, write: { Output.note($0, within: .second) }, draw: { _ in })
        }

        /// Returns false if `NO_COLOR` is set and not empty, or the terminal has no control sequences.
        ///
        /// - Source: <https://no-color.org>
        static func wantsControl(_ environment: [String: String]) -> Bool {
            (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        }

        /// The size of standard error; without one, as of a serial line, there is only room for the status line.
        private static var size: (columns: Int, rows: Int) {
            var size = winsize()
            let isKnown = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0
            return (isKnown && size.ws_col > 0 ? Int(size.ws_col) : 80, isKnown ? max(Int(size.ws_row), 1) : 1)
        }
    }
}
