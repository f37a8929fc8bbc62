import Foundation

/// The line on standard error that shows how a campaign is going.
///
/// On a terminal it is redrawn in place, twice a second; elsewhere a new line is written every ten seconds.
struct StatusLine {
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var last = Date()
    private var lastCases: UInt64 = 0
    private var isDrawn = false

    /// Whether it is time for the next one.
    private var isDue: Bool { Date().timeIntervalSince(last) >= (isTerminal ? 0.5 : 10) }

    /// Shows how a campaign is going, if it is time to.
    ///
    /// - Parameter place: where it is kept, if it is
    mutating func show(cases: UInt64, findings: Int, elapsed: Double, place: String? = nil) {
        if !isDue { return }
        let now = Date()
        let span = now.timeIntervalSince(last)
        let rate = Double(cases - lastCases) / span
        last = now
        lastCases = cases
        write(
            "\(CountText.of(cases, "case"))  \(CountText.grouped(UInt64(rate)))/s  \(CountText.of(findings, "finding"))  \(Self.clock(elapsed))"
                + (place.map { "  \($0)" } ?? "")
        )
    }

    /// Shows what is being done instead of running cases.
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

    /// Seconds as hours, minutes and seconds.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }
}
