import Foundation

/// The progress line of a command on standard error, drawn by the same rules as ``CampaignStatus``.
package struct StatusLine {
    private let screen = CampaignStatus.Screen.standardError
    private let start = Date()
    private var last = Date()
    private var drawn: [String] = []

    package init() {}

    /// True if the interval since the last line has passed.
    private var isDue: Bool {
        let now = Date()
        return now.timeIntervalSince(last) >= screen.interval(age: now.timeIntervalSince(start))
    }

    /// Shows the current step on a terminal.
    mutating func show(_ text: String) {
        if screen.isTerminal { draw(text) }
    }

    /// Shows the current step after each interval, also without a terminal.
    package mutating func showIfDue(_ text: String) {
        if !isDue { return }
        last = Date()
        draw(text)
    }

    /// Erases the line on a terminal.
    package mutating func clear() {
        if screen.isTerminal && !drawn.isEmpty { screen.write(screen.eraser(of: drawn)) }
        drawn = []
    }

    private mutating func draw(_ text: String) {
        let lines = [screen.isTerminal ? ProgressText.cut(text, to: screen.columns()) : text]
        screen.redraw(lines, over: drawn)
        drawn = lines
    }
}
