import Foundation

/// The line on standard error that shows what a command is at; see ``CampaignStatus`` for that of a campaign.
///
/// On a terminal it is redrawn in place, twice a second; elsewhere a new line is written every ten seconds.
struct StatusLine {
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var last = Date()
    private var isDrawn = false

    /// Whether it is time for the next one.
    private var isDue: Bool { Date().timeIntervalSince(last) >= (isTerminal ? 0.5 : 10) }

    /// Shows what is being done.
    mutating func show(_ text: String) {
        if isTerminal { write(text) }
    }

    /// Shows what is being done, if it is time to; elsewhere than on a terminal too.
    mutating func showIfDue(_ text: String) {
        if !isDue { return }
        last = Date()
        write(text)
    }

    /// Takes the line off a terminal.
    mutating func clear() {
        if isTerminal && isDrawn { Output.note("\r\u{1b}[K") }
        isDrawn = false
    }

    private mutating func write(_ text: String) {
        Output.note(isTerminal ? "\r\u{1b}[K" + text : text + "\n")
        isDrawn = true
    }
}
