import Foundation

/// The text of the status line.
///
/// - Units: times in seconds
struct ProgressText: Equatable, Sendable {
    var cases: UInt64 = 0
    /// The number of cases of the campaign, or `nil` without a limit.
    var caseLimit: UInt64?
    /// The run time in all processes.
    var seconds = 0.0
    /// The time limit, or `nil`.
    var timeLimit: Double?
    /// The cases per second since the last line.
    var rate = 0.0
    /// The number of buckets.
    var buckets = 0
    /// The time since the last new bucket of this process, or `nil`.
    var sinceBucket: Double?
    /// The activity besides running cases, such as `minimizing delta-array: …`.
    var activity: String?
    /// The state folder, or `nil`.
    var place: String?

    /// The completed share of the work, or `nil` without a limit.
    var share: Double? {
        let shares = [
            caseLimit.map { $0 == 0 ? 1 : Double(cases) / Double($0) },
            timeLimit.map { $0 == 0 ? 1 : seconds / $0 },
        ].compactMap { $0 }
        return shares.max().map { min(max($0, 0), 1) }
    }

    /// The remaining time, or `nil` if unknown.
    var rest: Double? {
        var rests = [timeLimit.map { max($0 - seconds, 0) }].compactMap { $0 }
        if let caseLimit, cases >= caseLimit {
            rests.append(0)
        } else if let caseLimit, cases > 0, seconds > 0 {
            rests.append(Double(caseLimit - cases) * seconds / Double(cases))
        }
        return rests.min()
    }

    /// The line.
    var text: String {
        var parts: [String] = []
        if let share { parts.append("\(Int(share * 100))%") }
        parts.append("\(CountText.of(cases, "case"))  \(CountText.grouped(UInt64(max(rate, 0))))/s")
        parts.append(
            CountText.of(buckets, "bucket") + (sinceBucket.map { ", the last \(Self.clock($0)) ago" } ?? ""))
        parts.append(Self.clock(seconds) + (rest.map { ", \(Self.clock($0)) left" } ?? ""))
        parts += [activity, place].compactMap { $0 }
        return parts.joined(separator: "  ")
    }

    /// Cuts a line to the width of a terminal.
    static func cut(_ line: String, to columns: Int) -> String {
        // Some terminals start a new line after the last column.
        let room = max(columns - 1, 1)
        return line.count <= room ? line : line.prefix(room - 1) + "…"
    }

    /// Formats seconds as hours, minutes and seconds: `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds, 0), 1e12))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }
}
