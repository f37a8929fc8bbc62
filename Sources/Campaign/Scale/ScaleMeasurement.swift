import Patching

/// The time of each patcher for thousands to a million patches: the table of the 2019 series.
///
/// On each size, every patcher first runs once, and its result is compared with the oracle's. Then all run in turn, and
/// the fastest run of each counts. If the first run took longer than a second, its time counts without another run.
///
/// A run cannot be interrupted. If the forecast of a size (``ScaleForecast``) exceeds the limit, the patcher is not
/// started, and the row contains the forecast.
///
/// - Source: Jiong Wang, July 2019
package struct ScaleMeasurement {
    /// A patcher returned a wrong result.
    package struct WrongResult: Error, CustomStringConvertible {
        package var patcher: String
        package var patches: Int

        package var description: String {
            "\(patcher), \(CountText.grouped(patches)) patches: the result differs from the oracle's"
        }
    }

    /// The sizes of the series, and a million.
    package static let sizes = [15_000, 45_000, 95_000, 195_000, 1_000_000]

    /// The smallest size measured for forecasts only; each further one is twice as large.
    private static let firstProbe = 1_000
    /// The part of the limit that a run for forecasts only may take.
    private static let probeShare = 1.0 / 8
    /// The longest run that is repeated.
    ///
    /// - Units: seconds
    private static let longRun = 1.0
    /// The total time of the rounds of one size; there are at least three and at most twenty rounds.
    ///
    /// - Units: seconds
    private static let roundTime = 1.0

    private let meter: any ScaleMeter
    private let limit: Double
    private var forecasts: [ScaleForecast]
    private var status = StatusLine()

    /// Prepares a measurement.
    ///
    /// - Parameter limit: the longest time of a run, in seconds
    package init(_ patchers: [any Patcher], limit: Double) {
        self.init(meter: DensePatchesMeter(patchers), limit: limit)
    }

    init(meter: any ScaleMeter, limit: Double) {
        self.meter = meter
        self.limit = limit
        forecasts = meter.patchers.map { _ in ScaleForecast() }
    }

    /// Measures every patcher with each number of patches; the rows are sorted by it.
    ///
    /// - Throws: ``WrongResult`` at the first wrong result
    package mutating func run(_ sizes: [Int]) throws(WrongResult) -> [ScaleRow] {
        defer { status.clear() }
        var rows: [ScaleRow] = []
        for size in Set(sizes).sorted() {
            try probe(before: size)
            let lanes = forecasts.indices.filter { (forecasts[$0].seconds(size) ?? 0) <= limit }
            let times = try measure(size, lanes)
            for (lane, name) in meter.patchers.enumerated() {
                // A lane without a time has a forecast above the limit.
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

    /// Measures smaller sizes until the forecasts decide whether a size is within the limit.
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

    /// Measures some patchers on a size; returns their times by number, and the time of the copy.
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
        // Only later runs count, since the first one had cold caches.
        for lane in again { best[lane] = .infinity }
        var copy = Double.infinity
        for _ in 0..<Int(min(max(ScaleMeasurement.roundTime / max(round, 1e-9), 3), 20)) {
            copy = min(copy, meter.copy())
            for lane in again { best[lane] = min(best[lane, default: .infinity], meter.run(lane)) }
        }
        return (best, copy)
    }
}
