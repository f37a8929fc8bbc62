import Foundation

/// The run time and the time limit of a campaign.
///
/// - Units: seconds
package struct CampaignClock {
    /// The time for minimizing findings after the time limit.
    static let afterTime = 1.0
    /// The time for waiting for commands after that.
    static let forCommands = 0.5
    /// The time for minimizing findings after an interrupt, if the campaign cannot be resumed.
    static let afterInterrupt = 3.0

    /// The limit, over all processes of the campaign.
    let limit: Double?
    /// The start of this process's cases; `nil` if none are left.
    var start: Date? = Date()
    /// The run time of earlier processes.
    var before = 0.0
    /// The time at which an interrupt was first noticed.
    private var interrupted: Date?
    /// The time that this process spent on minimizing and sliding, and the number of minimized findings.
    private var minimizing = (seconds: 0.0, count: 0)

    init(limit: Double?) { self.limit = limit }

    /// Counts the start of the command against the time limit, except for its first second.
    ///
    /// At least half of the remaining time is left for cases.
    ///
    /// - Parameter began: the start of the command
    mutating func countPreparation(since began: Date) {
        guard let limit, start != nil else { return }
        let late = max(Date().timeIntervalSince(began) - Self.preparation, 0)
        start = Date(timeIntervalSinceNow: -min(late, max(limit - before, 0) / 2))
    }

    /// The part of the start that does not count.
    private static let preparation = 1.0

    /// The time limit for loading all plug-ins of a campaign with a time limit.
    package static func loadingTime(_ limit: Double) -> Double { max(limit / 2, 3) }

    /// The run time of the campaign in all processes.
    var seconds: Double { before + (start.map { Date().timeIntervalSince($0) } ?? 0) }

    /// True if the time limit is reached.
    var isOver: Bool { limit.map { seconds >= $0 } ?? false }

    /// The remaining time, or `nil` without a limit.
    var rest: Double? { limit.map { max($0 - seconds, 0) } }

    /// The longest time to wait for commands at the end; `nil` for no limit.
    ///
    /// - Parameter isInterrupted: true if the user interrupted the campaign
    func patience(isInterrupted: Bool) -> Double? {
        if isInterrupted { return Self.afterInterrupt }
        if start == nil { return nil }
        return limit.map { max($0 + Self.afterTime + Self.forCommands - seconds, 0) }
    }

    /// Adds the time since `start` that a finding took.
    mutating func addMinimizing(since start: Date) {
        minimizing.seconds += Date().timeIntervalSince(start)
        minimizing.count += 1
    }

    /// Adds the time since `start` that a minimized finding took to slide.
    mutating func addSliding(since start: Date) { minimizing.seconds += Date().timeIntervalSince(start) }

    /// Returns true if the remaining time is needed to minimize findings; false in the first half of the time.
    func isNeededForMinimizing(_ backlog: Int) -> Bool {
        guard let limit, minimizing.count > 0, seconds > (limit + before) / 2 else { return false }
        return limit - seconds < Double(backlog) * minimizing.seconds / Double(minimizing.count)
    }

    /// Returns true if there is no time left to minimize findings.
    ///
    /// - Parameter isKept: true if the campaign can be resumed
    mutating func isTooLateToMinimize(isKept: Bool) -> Bool {
        if Interrupt.isRequested {
            let since = interrupted ?? Date()
            interrupted = since
            return isKept || Date().timeIntervalSince(since) > Self.afterInterrupt
        }
        // A finished campaign is resumed to minimize its findings.
        if start == nil { return false }
        return limit.map { seconds > $0 + Self.afterTime } ?? false
    }
}
