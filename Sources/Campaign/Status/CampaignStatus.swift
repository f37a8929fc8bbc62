import Foundation
import Synchronization

/// The status line of a campaign, and messages above it.
///
/// On a terminal the line is redrawn in place twice a second. Elsewhere a line is written every ten seconds, and after
/// ten minutes every minute. A thread draws it, so that its clock continues while the campaign waits.
final class CampaignStatus: Sendable {
    /// The intervals of drawing.
    ///
    /// - Units: seconds
    enum Interval {
        static let terminal = 0.5
        static let early = 10.0
        static let late = 60.0
        /// The age at which `late` replaces `early`.
        static let earliness = 600.0
    }

    /// The destination of lines.
    struct Screen: Sendable {
        var isTerminal: Bool
        var columns: @Sendable () -> Int
        var write: @Sendable (String) -> Void
        /// Writes the status line; dropped if it would block.
        var draw: @Sendable (String) -> Void

        /// - Parameter draw: `nil` for `write`
        init(
            isTerminal: Bool, columns: @escaping @Sendable () -> Int, write: @escaping @Sendable (String) -> Void,
            draw: (@Sendable (String) -> Void)? = nil
        ) {
            self.isTerminal = isTerminal
            self.columns = columns
            self.write = write
            self.draw = draw ?? write
        }

        /// The control sequence that erases the status line.
        static let eraser = "\r\u{1b}[K"

        /// Redraws the status line on a terminal, or writes a new line elsewhere.
        func redraw(_ text: String) {
            draw(isTerminal ? Self.eraser + ProgressText.cut(text, to: columns()) : text + "\n")
        }

        /// The interval until the next line.
        ///
        /// - Parameter age: the time since the start of the campaign
        /// - Units: seconds
        func interval(age: Double) -> Double {
            isTerminal ? Interval.terminal : age < Interval.earliness ? Interval.early : Interval.late
        }

        /// Standard error.
        static var standardError: Screen {
            Screen(
                isTerminal: isatty(STDERR_FILENO) != 0, columns: columns, write: { Output.note($0, within: .second) },
                draw: { Output.note($0, within: .none) })
        }

        /// The width of standard error, or 80.
        @Sendable private static func columns() -> Int {
            var size = winsize()
            let isKnown = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0
            return isKnown && size.ws_col > 0 ? Int(size.ws_col) : 80
        }
    }

    private struct State {
        var progress = ProgressText()
        /// The start of the process minus the run time of earlier sessions.
        var start: Date
        var lastDrawn: Date
        var casesDrawn: UInt64 = 0
        var lastBucket: Date?
        var isDrawn = false
        var isRunning = true
    }

    private let state: Mutex<State>
    private let screen: Screen
    private let now: @Sendable () -> Date

    /// Starts the clock.
    ///
    /// - Parameter now: the clock
    init(_ screen: Screen = .standardError, now: @escaping @Sendable () -> Date = { Date() }) {
        self.screen = screen
        self.now = now
        let date = now()
        state = Mutex(State(start: date, lastDrawn: date))
    }

    /// Starts the drawing thread, which runs until ``end()``.
    func begin() {
        Thread.detachNewThread { [weak self] in
            // The main thread handles signals.
            var all = sigset_t()
            unsafe sigfillset(&all)
            unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
            while self?.tick() == true { usleep(100_000) }
        }
    }

    /// Sets the run time in seconds and the number of cases of earlier sessions.
    func resume(after seconds: Double, cases: UInt64) {
        state.withLock { state in
            state.start = now().addingTimeInterval(-seconds)
            state.casesDrawn = cases
            state.progress.cases = cases
        }
    }

    /// Changes the text of the line, and draws it if it is due.
    func update(_ change: (inout ProgressText) -> Void) {
        state.withLock { change(&$0.progress) }
        tick()
    }

    /// The run time of the campaign in all processes.
    ///
    /// - Units: seconds
    var seconds: Double { state.withLock { now().timeIntervalSince($0.start) } }

    /// Records the time of a new bucket.
    func bucketFound() { state.withLock { $0.lastBucket = now() } }

    /// Draws the line if it is due; returns false after ``end()``.
    @discardableResult
    func tick() -> Bool {
        state.withLock { state in
            guard state.isRunning else { return false }
            let date = now()
            let span = date.timeIntervalSince(state.lastDrawn)
            if span >= screen.interval(age: date.timeIntervalSince(state.start)) {
                state.progress.rate = Double(state.progress.cases &- state.casesDrawn) / max(span, 0.001)
                (state.lastDrawn, state.casesDrawn) = (date, state.progress.cases)
                draw(&state, date)
            }
            return true
        }
    }

    /// Writes a message above the status line; on a terminal it is wrapped.
    func note(_ text: String) { note([text]) }

    /// Writes a message in parts: each on its own line on a terminal, all on one line elsewhere.
    func note(_ parts: [String]) {
        state.withLock { state in
            let joined = parts.joined(separator: screen.isTerminal ? "\n  " : " ")
            let text = screen.isTerminal ? OutputWidth.wrap(joined, to: max(screen.columns(), 1)) : joined
            let line = text.hasSuffix("\n") ? text : text + "\n"
            guard screen.isTerminal && state.isDrawn else { return screen.write(line) }
            screen.write("\r\u{1b}[K" + line)
            draw(&state, now())
        }
    }

    /// Erases the line on a terminal and stops drawing.
    func end() {
        state.withLock { state in
            state.isRunning = false
            if screen.isTerminal && state.isDrawn { screen.write(Screen.eraser) }
            state.isDrawn = false
        }
    }

    private func draw(_ state: inout State, _ date: Date) {
        guard state.isRunning else { return }
        state.progress.seconds = date.timeIntervalSince(state.start)
        state.progress.sinceBucket = state.lastBucket.map { date.timeIntervalSince($0) }
        screen.redraw(state.progress.text)
        state.isDrawn = true
    }
}
