import Foundation

/// The line on standard error that shows what a command is at, by the rules of a campaign's; see ``CampaignStatus``.
public struct StatusLine {
    private let screen = CampaignStatus.Screen.standardError
    private let start = Date()
    private var last = Date()
    private var isDrawn = false

    public init() {}

    /// Whether it is time for the next one.
    private var isDue: Bool {
        let now = Date()
        return now.timeIntervalSince(last) >= screen.interval(age: now.timeIntervalSince(start))
    }

    /// Shows what is being done.
    mutating func show(_ text: String) {
        if screen.isTerminal { draw(text) }
    }

    /// Shows what is being done, if it is time to; elsewhere than on a terminal too.
    public mutating func showIfDue(_ text: String) {
        if !isDue { return }
        last = Date()
        draw(text)
    }

    /// Takes the line off a terminal.
    public mutating func clear() {
        if screen.isTerminal && isDrawn { screen.write(CampaignStatus.Screen.eraser) }
        isDrawn = false
    }

    private mutating func draw(_ text: String) {
        screen.redraw(text)
        isDrawn = true
    }
}
