/// The rates of a campaign over the last seconds.
struct MetricsRates: Sendable {
    /// The span of the rates.
    ///
    /// - Units: seconds
    static let span = 10.0

    /// The counters at one time.
    private struct Point {
        var seconds: Double
        var cases: UInt64
        var targets: [UInt64]
    }

    /// The oldest first; at most one is older than the span.
    private var points: [Point] = []

    /// Adds the counters of a later time.
    ///
    /// - Parameter seconds: the run time
    /// - Complexity: O(points), of which there are two a second
    mutating func add(seconds: Double, cases: UInt64, targets: [UInt64]) {
        points.append(Point(seconds: seconds, cases: cases, targets: targets))
        while points.count > 2, points[1].seconds <= seconds - Self.span { points.removeFirst() }
    }

    /// The number of cases.
    var cases: Double { Double(points.last?.cases ?? 0) }
    /// The run time.
    var seconds: Double { points.last?.seconds ?? 0 }
    /// The cases per second; 0 with fewer than two points.
    var perSecond: Double { rate(\.cases) }
    /// The cases of each target per second.
    var targetsPerSecond: [Double] { (points.last?.targets ?? []).indices.map { rate(\.targets[$0]) } }

    private func rate(_ counter: KeyPath<Point, UInt64>) -> Double {
        guard let first = points.first, let last = points.last, last.seconds > first.seconds else { return 0 }
        let count = last[keyPath: counter] - min(first[keyPath: counter], last[keyPath: counter])
        return Double(count) / (last.seconds - first.seconds)
    }
}
