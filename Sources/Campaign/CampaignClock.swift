import Foundation

/// How long a campaign has run, and how much longer it may.
///
/// - Units: seconds
package struct CampaignClock {
    /// How long findings may be minimized after the time of the campaign is up.
    static let afterTime = 1.0
    /// How long commands may be waited for after that.
    static let forCommands = 0.5
    /// How long they may be minimized after an interrupt, when it cannot be done later.
    static let afterInterrupt = 3.0

    /// The limit, over all processes of the campaign.
    let limit: Double?
    /// When this process began to run cases; `nil` when there are none left.
    var start: Date? = Date()
    /// How long the campaign ran before this process.
    var before = 0.0
    /// When an interrupt was first noticed.
    private var interrupted: Date?
    /// How long findings took to be minimized in this process, and then to slide, and how many there were.
    private var minimizing = (seconds: 0.0, count: 0)

    init(limit: Double?) { self.limit = limit }

    /// Counts what a command has taken before its first case, but for a second; at least half of the time is left for cases.
    ///
    /// - Parameter began: when it was started
    mutating func countPreparation(since began: Date) {
        guard let limit, start != nil else { return }
        let late = max(Date().timeIntervalSince(began) - Self.preparation, 0)
        start = Date(timeIntervalSinceNow: -min(late, max(limit - before, 0) / 2))
    }

    /// How long the start of a command takes before it counts.
    private static let preparation = 1.0

    /// How long plug-ins may take to be loaded in a campaign of so many seconds.
    package static func loadingTime(_ limit: Double) -> Double { max(limit / 2, 3) }

    /// How long the campaign has run, in all processes.
    var seconds: Double { before + (start.map { Date().timeIntervalSince($0) } ?? 0) }

    /// Whether the time is up.
    var isOver: Bool { limit.map { seconds >= $0 } ?? false }

    /// How long it may go on.
    var rest: Double? { limit.map { max($0 - seconds, 0) } }

    /// How long to wait in the end for what was started beside the campaign; `nil` where nothing is in a hurry.
    ///
    /// - Parameter isInterrupted: whether the user has asked for the end
    func patience(isInterrupted: Bool) -> Double? {
        if isInterrupted { return Self.afterInterrupt }
        if start == nil { return nil }
        return limit.map { max($0 + Self.afterTime + Self.forCommands - seconds, 0) }
    }

    /// Takes note of how long a finding took.
    mutating func noteMinimizing(since start: Date) {
        minimizing.seconds += Date().timeIntervalSince(start)
        minimizing.count += 1
    }

    /// Takes note of how long a minimized finding took to slide.
    mutating func noteSliding(since start: Date) { minimizing.seconds += Date().timeIntervalSince(start) }

    /// Whether the rest of the time is needed to minimize what was found; never before half of it.
    func isNeededForMinimizing(_ backlog: Int) -> Bool {
        guard let limit, minimizing.count > 0, seconds > (limit + before) / 2 else { return false }
        return limit - seconds < Double(backlog) * minimizing.seconds / Double(minimizing.count)
    }

    /// Whether findings are to be written down as they were seen, instead of being minimized.
    ///
    /// - Parameter isKept: whether the campaign can go on later
    mutating func isTooLateToMinimize(isKept: Bool) -> Bool {
        if Interrupt.isRequested {
            let since = interrupted ?? Date()
            interrupted = since
            return isKept || Date().timeIntervalSince(since) > Self.afterInterrupt
        }
        // A campaign that is over is gone on with to have its findings minimized.
        if start == nil { return false }
        return limit.map { seconds > $0 + Self.afterTime } ?? false
    }
}
