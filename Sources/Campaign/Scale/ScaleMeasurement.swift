import Patching

/// What many patches cost each patcher, from thousands to a million: the table of the 2019 series.
///
/// On each size every patcher runs once without being timed for the table, and its result is held against the rules; then
/// all run in turn, and the fastest of each counts; one whose first run took a second is not run again. A patcher that has become slow is not started on a size for which the
/// sizes before it foretell more than the limit, since no patcher can be stopped in the middle; its time there is what they
/// foretell (``ScaleForecast``).
///
/// - Source: Jiong Wang, July 2019
public struct ScaleMeasurement {
    /// A patcher gave something else than the rules.
    public struct WrongResult: Error, CustomStringConvertible {
        public var patcher: String
        public var patches: Int

        public var description: String {
            "\(patcher), \(CountText.grouped(patches)) patches: the result is not what the rules give"
        }
    }

    /// The sizes of the series, and one more.
    public static let sizes = [15_000, 45_000, 95_000, 195_000, 1_000_000]

    /// The smallest size from which others are foretold; every next is twice as large.
    private static let firstProbe = 1_000
    /// What part of the limit a size may take that nobody asked for.
    private static let probeShare = 1.0 / 8
    /// A run that takes longer is not repeated.
    ///
    /// - Units: seconds
    private static let longRun = 1.0
    /// How long the rounds of one size go on, but at least three and at most twenty.
    ///
    /// - Units: seconds
    private static let roundTime = 1.0

    private let meter: any ScaleMeter
    private let limit: Double
    private var forecasts: [ScaleForecast]
    private var status = StatusLine()

    /// Prepares to measure.
    ///
    /// - Parameter limit: how long a run may take, in seconds
    public init(_ patchers: [any Patcher], limit: Double) {
        self.init(meter: DensePatchesMeter(patchers), limit: limit)
    }

    init(meter: any ScaleMeter, limit: Double) {
        self.meter = meter
        self.limit = limit
        forecasts = meter.patchers.map { _ in ScaleForecast() }
    }

    /// Measures every patcher with each number of patches; the rows are sorted by it.
    ///
    /// - Throws: ``WrongResult`` as soon as there is one
    public mutating func run(_ sizes: [Int]) throws(WrongResult) -> [ScaleRow] {
        defer { status.clear() }
        var rows: [ScaleRow] = []
        for size in Set(sizes).sorted() {
            try probe(before: size)
            let lanes = forecasts.indices.filter { (forecasts[$0].seconds(size) ?? 0) <= limit }
            let times = try measure(size, lanes)
            for (lane, name) in meter.patchers.enumerated() {
                // A lane without a time has been measured before, or it would be in the race.
                let seconds = times.lanes[lane] ?? forecasts[lane].seconds(size) ?? 0
                rows.append(
                    ScaleRow(
                        patches: size, patcher: name, seconds: seconds, copy: times.copy,
                        isExtrapolated: times.lanes[lane] == nil))
                if let measured = times.lanes[lane] { forecasts[lane].add(size, seconds: measured) }
            }
        }
        return rows
    }

    /// Measures smaller sizes, as far as they are needed to know whether a size is within the limit.
    private mutating func probe(before size: Int) throws(WrongResult) {
        var probe = ScaleMeasurement.firstProbe
        while probe < size {
            let lanes = forecasts.indices.filter { needs(probe, before: size, forecasts[$0]) }
            if !lanes.isEmpty {
                let times = try measure(probe, lanes)
                for lane in lanes { forecasts[lane].add(probe, seconds: times.lanes[lane] ?? 0) }
            }
            probe *= 2
        }
    }

    private func needs(_ probe: Int, before size: Int, _ forecast: ScaleForecast) -> Bool {
        guard probe > forecast.largest else { return false }
        guard forecast.count >= 2, let seconds = forecast.seconds(size) else {
            return (forecast.seconds(probe) ?? 0) <= limit
        }
        return seconds > limit && (forecast.seconds(probe) ?? 0) <= limit * ScaleMeasurement.probeShare
    }

    /// The time of some patchers on a size, by number, and of the copy.
    private mutating func measure(
        _ size: Int, _ lanes: [Int]
    ) throws(WrongResult) -> (lanes: [Int: Double], copy: Double) {
        meter.prepare(patches: size)
        var best: [Int: Double] = [:]
        for lane in lanes {
            let name = meter.patchers[lane]
            status.show("\(name), \(CountText.grouped(size)) patches")
            best[lane] = meter.run(lane)
            if !meter.isRight() { throw WrongResult(patcher: name, patches: size) }
        }
        _ = meter.copy()
        let again = lanes.filter { best[$0, default: 0] <= ScaleMeasurement.longRun }
        let round = again.reduce(0) { $0 + best[$1, default: 0] }
        // The first run of each was on cold memory, so that only those count that follow.
        for lane in again { best[lane] = .infinity }
        var copy = Double.infinity
        for _ in 0..<Int(min(max(ScaleMeasurement.roundTime / max(round, 1e-9), 3), 20)) {
            copy = min(copy, meter.copy())
            for lane in again { best[lane] = min(best[lane, default: .infinity], meter.run(lane)) }
        }
        return (best, copy)
    }
}
