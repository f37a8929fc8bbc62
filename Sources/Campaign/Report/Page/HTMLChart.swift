import Foundation

/// The chart of a campaign's rate and buckets over its run time, as SVG.
struct HTMLChart {
    private let points: [HistoryPoint]

    private static let (left, right, top, bottom) = (70.0, 640.0, 12.0, 200.0)
    /// The most points of a line; more are thinned out.
    private static let most = 400

    /// `nil` for fewer than two points.
    init?(_ history: [HistoryPoint]) {
        let step = max(1, history.count / Self.most)
        let start = history.first.flatMap { first in
            first.seconds > 0 ? [HistoryPoint(seconds: 0, cases: 0, buckets: 0)] : nil
        }
        var points = (start ?? []) + history.enumerated().filter { $0.offset % step == 0 }.map(\.element)
        if let last = history.last, points.last != last { points.append(last) }
        guard points.count > 1, let last = points.last, last.seconds > points[0].seconds else { return nil }
        self.points = points
    }

    var svg: String {
        let rates = zip(points, points.dropFirst()).map { one, next in
            (
                seconds: next.seconds,
                rate: Double(next.cases - min(one.cases, next.cases)) / max(next.seconds - one.seconds, 1)
            )
        }
        let most = rates.map(\.rate).max() ?? 1
        let found = points.map(\.buckets).max() ?? 0
        let end = points[points.count - 1].seconds
        func x(_ seconds: Double) -> String {
            Self.number(
                Self.left + (seconds - points[0].seconds) / (end - points[0].seconds) * (Self.right - Self.left))
        }
        func y(_ value: Double, of most: Double) -> String {
            Self.number(Self.bottom - value / max(most, 1) * (Self.bottom - Self.top))
        }
        let rate = rates.map { "\(x($0.seconds)),\(y($0.rate, of: most))" }.joined(separator: " ")
        var steps: [String] = []
        var previous = 0
        for point in points {
            steps.append("\(x(point.seconds)),\(y(Double(previous), of: Double(found)))")
            steps.append("\(x(point.seconds)),\(y(Double(point.buckets), of: Double(found)))")
            previous = point.buckets
        }
        let words =
            "up to \(CountText.grouped(Int(most))) cases a second; \(CountText.of(found, "bucket")) after "
            + "\(CountText.grouped(Int(end))) s"
        return """
            <svg viewBox="0 0 720 250" role="img" aria-label="\(MarkupText.attribute("Rate and buckets over time: " + words))">
            <line class="grid" x1="70" x2="640" y1="200" y2="200"/><line class="grid" x1="70" x2="640" y1="12" y2="12"/>
            <text x="62" y="16" text-anchor="end">\(CountText.grouped(Int(most)))</text>
            <text x="62" y="204" text-anchor="end">0</text>
            <text x="648" y="16">\(CountText.grouped(found))</text><text x="648" y="204">0</text>
            <text x="70" y="222">\(CountText.grouped(Int(points[0].seconds))) s</text>
            <text x="640" y="222" text-anchor="end">\(CountText.grouped(Int(end))) s</text>
            <polyline class="rate" points="\(rate)"/>
            <polyline class="found" points="\(steps.joined(separator: " "))"/>
            <line class="rate" x1="70" x2="100" y1="240" y2="240"/><text x="106" y="244">cases a second (left)</text>
            <line class="found" x1="370" x2="400" y1="240" y2="240"/><text x="406" y="244">buckets (right)</text>
            </svg>
            """
    }

    private static func number(_ place: Double) -> String { String(format: "%.1f", place) }
}
