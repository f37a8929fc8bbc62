import Foundation
import Synchronization

/// The screen or the status line of a campaign, and messages above it.
///
/// On a terminal it is redrawn in place twice a second: a screen of many lines if the terminal is large enough, else one
/// line. Elsewhere a line is written every ten seconds, and after ten minutes every minute. A thread draws it, so that
/// its clock continues while the campaign waits.
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

    private struct State {
        var progress = ProgressText()
        /// The numbers of the screen, or `nil` for the status line.
        var snapshot: CampaignSnapshot?
        /// The start of the process minus the run time of earlier sessions.
        var start: Date
        var lastDrawn: Date
        var casesDrawn: UInt64 = 0
        var lastBucket: Date?
        /// The lines on the terminal.
        var drawn: [String] = []
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
    ///
    /// - Parameter sample: called every 20 ms if it is not `nil`
    func begin(sample: (@Sendable () -> Void)? = nil) {
        Thread.detachNewThread { [weak self] in
            // The main thread handles signals.
            var all = sigset_t()
            unsafe sigfillset(&all)
            unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
            while self?.tick() == true {
                for _ in 0..<5 {
                    sample?()
                    usleep(20_000)
                }
            }
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

    /// Replaces the numbers of the screen.
    func show(_ snapshot: CampaignSnapshot) { state.withLock { $0.snapshot = snapshot } }

    /// True if the screen of many lines can be drawn.
    var hasScreen: Bool {
        screen.isTerminal && ScreenText.fits(columns: screen.columns(), rows: screen.rows())
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
            guard screen.isTerminal && !state.drawn.isEmpty else { return screen.write(line) }
            screen.write(screen.eraser(of: state.drawn) + line)
            state.drawn = []
            draw(&state, now())
        }
    }

    /// Erases the lines on a terminal and stops drawing.
    func end() {
        state.withLock { state in
            state.isRunning = false
            if screen.isTerminal && !state.drawn.isEmpty { screen.write(screen.eraser(of: state.drawn)) }
            state.drawn = []
        }
    }

    private func draw(_ state: inout State, _ date: Date) {
        guard state.isRunning else { return }
        state.progress.seconds = date.timeIntervalSince(state.start)
        state.progress.sinceBucket = state.lastBucket.map { date.timeIntervalSince($0) }
        var lines = [state.progress.text]
        if screen.isTerminal {
            let (columns, rows) = (screen.columns(), screen.rows())
            if let snapshot = state.snapshot, ScreenText.fits(columns: columns, rows: rows) {
                lines = ScreenText(state.progress, snapshot, columns: columns, rows: rows).lines
            } else {
                lines = lines.map { ProgressText.cut($0, to: columns) }
            }
        }
        screen.redraw(lines, over: state.drawn)
        state.drawn = lines
    }
}
