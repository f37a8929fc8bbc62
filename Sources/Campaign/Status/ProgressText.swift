import Foundation

/// How a campaign is going, in one line.
///
/// - Units: times in seconds
struct ProgressText: Equatable, Sendable {
    var cases: UInt64 = 0
    /// How many cases there are in all, or `nil` without a limit.
    var caseLimit: UInt64?
    /// How long the campaign has run, in all processes.
    var seconds = 0.0
    /// How long it may run, or `nil` without a limit.
    var timeLimit: Double?
    /// How many cases a second were done lately.
    var rate = 0.0
    /// How many buckets there are.
    var buckets = 0
    /// How long ago a bucket was first seen, or `nil` when none was in this process.
    var sinceBucket: Double?
    /// What is done beside running cases, as in `minimizing delta-array/…`.
    var activity: String?
    /// Where the campaign is kept.
    var place: String?

    /// The share of the work that is done, or `nil` without a limit.
    var share: Double? {
        let shares = [
            caseLimit.map { $0 == 0 ? 1 : Double(cases) / Double($0) },
            timeLimit.map { $0 == 0 ? 1 : seconds / $0 },
        ].compactMap { $0 }
        return shares.max().map { min(max($0, 0), 1) }
    }

    /// How long it will take, or `nil` where that is not known.
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

    /// A line that fits a terminal of so many columns.
    static func cut(_ line: String, to columns: Int) -> String {
        // A terminal may begin a new line when the last column is used.
        let room = max(columns - 1, 1)
        return line.count <= room ? line : line.prefix(room - 1) + "…"
    }

    /// Seconds as hours, minutes and seconds.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds, 0), 1e12))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }
}
