import Foundation
import Synchronization

/// What a user sees of a campaign while it runs: a line that is kept up to date, and lines that stay.
///
/// On a terminal the line is redrawn in place, twice a second; elsewhere a line is written every ten seconds, and after ten
/// minutes every minute. A thread draws it, so that its clock goes on whatever the campaign waits for.
final class CampaignStatus: Sendable {
    /// How often a line is drawn.
    ///
    /// - Units: seconds
    enum Interval {
        static let terminal = 0.5
        static let early = 10.0
        static let late = 60.0
        /// How long it is early.
        static let earliness = 600.0
    }

    /// Where lines go.
    struct Screen: Sendable {
        var isTerminal: Bool
        var columns: @Sendable () -> Int
        var write: @Sendable (String) -> Void
        /// Writes what will be drawn again; dropped where it cannot be written at once.
        var draw: @Sendable (String) -> Void

        /// - Parameter draw: as `write` where there is none
        init(
            isTerminal: Bool, columns: @escaping @Sendable () -> Int, write: @escaping @Sendable (String) -> Void,
            draw: (@Sendable (String) -> Void)? = nil
        ) {
            self.isTerminal = isTerminal
            self.columns = columns
            self.write = write
            self.draw = draw ?? write
        }

        /// What takes the line that is kept up to date off a terminal.
        static let eraser = "\r\u{1b}[K"

        /// Draws the line that is kept up to date again; elsewhere than on a terminal a new one.
        func redraw(_ text: String) {
            draw(isTerminal ? Self.eraser + ProgressText.cut(text, to: columns()) : text + "\n")
        }

        /// How long a line stays as it is.
        ///
        /// - Parameter age: how long lines have been drawn
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

        /// How many columns standard error has.
        @Sendable private static func columns() -> Int {
            var size = winsize()
            let isKnown = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0
            return isKnown && size.ws_col > 0 ? Int(size.ws_col) : 80
        }
    }

    private struct State {
        var progress = ProgressText()
        /// When the clock began, less what the campaign had run before.
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

    /// Begins to count the time.
    ///
    /// - Parameter now: gives the time
    init(_ screen: Screen = .standardError, now: @escaping @Sendable () -> Date = { Date() }) {
        self.screen = screen
        self.now = now
        let date = now()
        state = Mutex(State(start: date, lastDrawn: date))
    }

    /// Draws in a thread from now on, until ``end()``.
    func begin() {
        Thread.detachNewThread { [weak self] in
            // Signals are the main thread's to answer.
            var all = sigset_t()
            unsafe sigfillset(&all)
            unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
            while self?.tick() == true { usleep(100_000) }
        }
    }

    /// Takes note of how long the campaign had run before this process, and how many cases it had run.
    ///
    /// - Units: seconds
    func resume(after seconds: Double, cases: UInt64) {
        state.withLock { state in
            state.start = now().addingTimeInterval(-seconds)
            state.casesDrawn = cases
            state.progress.cases = cases
        }
    }

    /// Changes what the line says, and draws it when it is time to.
    func update(_ change: (inout ProgressText) -> Void) {
        state.withLock { change(&$0.progress) }
        tick()
    }

    /// How long the campaign has run, in all processes.
    ///
    /// - Units: seconds
    var seconds: Double { state.withLock { now().timeIntervalSince($0.start) } }

    /// Takes note that a bucket was first seen.
    func noteBucket() { state.withLock { $0.lastBucket = now() } }

    /// Draws the line when it is time to; returns false when there is nothing to draw any more.
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

    /// Writes a line that stays, above the one that is kept up to date; on a terminal it is broken between words.
    func note(_ text: String) { note([text]) }

    /// Writes the parts of a message: one line for a file or a pipe, a line for each part on a terminal.
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

    /// Takes the line off a terminal; nothing is drawn after that.
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
