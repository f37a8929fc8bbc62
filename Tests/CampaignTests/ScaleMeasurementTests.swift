import Testing

@testable import Campaign

/// Measured and extrapolated sizes of `scale`, on fake patchers whose time is an exact formula.
@Suite struct ScaleMeasurementTests {
    /// A meter that runs nothing.
    final class FakeMeter: ScaleMeter {
        /// The time of a patcher for a number of patches.
        typealias Cost = (Double) -> Double

        let patchers: [String]
        private let costs: [Cost]
        /// Times added to the formula, by the number of the run on one size; later runs have none.
        var delays: [Double] = []
        /// The patcher with wrong results, and the first size with one.
        var wrong: (patcher: Int, patches: Int)?
        private var size = 0
        private var last = 0
        /// The sizes of each patcher's runs, in order.
        private(set) var runs: [[Int]]

        init(_ costs: [(String, Cost)]) {
            patchers = costs.map(\.0)
            self.costs = costs.map(\.1)
            runs = costs.map { _ in [] }
        }

        func prepare(patches: Int) { size = patches }

        func run(_ patcher: Int) -> Double {
            let number = runs[patcher].count { $0 == size }
            runs[patcher].append(size)
            last = patcher
            return costs[patcher](Double(size)) + (number < delays.count ? delays[number] : 0)
        }

        func isRight() -> Bool { wrong.map { last != $0.patcher || size < $0.patches } ?? true }
        func copy() -> Double { Double(size) * 0x1p-30 }

        /// The sizes of a patcher's runs, each once.
        func sizes(of patcher: Int) -> [Int] { Set(runs[patcher]).sorted() }
    }

    private static func linear(_ n: Double) -> Double { n * 0x1p-26 }
    private static func quadratic(_ n: Double) -> Double { n * 0x1p-20 + n * n * 0x1p-30 }

    /// Returns true if two times are equal except for rounding.
    private func isSame(_ left: Double, _ right: Double) -> Bool { abs(left / right - 1) < 1e-12 }

    /// Measured times, a number of patches and the forecast for it.
    static let forecasts: [([(Int, Double)], Int, Double?)] = [
        ([], 1_000, nil),
        // One size: all of the time is assumed to be quadratic.
        ([(1_000, 2)], 3_000, 18),
        // n + n²/1000.
        ([(1_000, 2_000), (2_000, 6_000)], 4_000, 20_000),
        // Only the two largest sizes count.
        ([(10, 1e9), (1_000, 2_000), (2_000, 6_000)], 4_000, 20_000),
        // Linear, and sublinear.
        ([(1_000, 1), (2_000, 2)], 4_000, 4), ([(1_000, 3), (2_000, 4)], 4_000, 8),
        // More than quadratic is extrapolated as quadratic.
        ([(1_000, 1), (2_000, 8)], 4_000, 32),
    ]

    @Test(arguments: forecasts.indices) func forecastGoesThroughTwoSizes(_ number: Int) {
        let (measured, patches, expected) = Self.forecasts[number]
        var forecast = ScaleForecast()
        for (size, seconds) in measured { forecast.add(size, seconds: seconds) }
        #expect(forecast.seconds(patches) == expected)
    }

    @Test func slowPatcherStopsAtTheLimit() throws {
        let meter = FakeMeter([("slow", Self.quadratic), ("fast", Self.linear)])
        var measurement = ScaleMeasurement(meter: meter, limit: 10)
        let rows = try measurement.run(ScaleMeasurement.sizes)
        #expect(rows.map(\.patches) == ScaleMeasurement.sizes.flatMap { [$0, $0] })
        #expect(rows.map(\.patcher) == ScaleMeasurement.sizes.flatMap { _ in ["slow", "fast"] })
        // 95,000 patches take 8.5 s and 195,000 take 35.6 s.
        #expect(rows.map(\.isExtrapolated) == [false, false, false, false, false, false, true, false, true, false])
        for row in rows {
            let n = Double(row.patches)
            #expect(isSame(row.seconds, row.patcher == "slow" ? Self.quadratic(n) : Self.linear(n)), "\(row)")
            #expect(row.copy == n * 0x1p-30)
            #expect(isSame(row.timeAPatch, row.seconds * 1e9 / n) && isSame(row.ratioToCopy, row.seconds / row.copy))
        }
        #expect(meter.sizes(of: 0) == [1_000, 2_000, 15_000, 45_000, 95_000])
        #expect(meter.sizes(of: 1) == [1_000, 2_000] + ScaleMeasurement.sizes)
        // Runs of seconds are not repeated.
        #expect(meter.runs[0].count { $0 == 95_000 } == 1 && meter.runs[0].count { $0 == 45_000 } == 1)
        #expect(meter.runs[0].count { $0 == 15_000 } == 1 + 4)
        #expect(meter.runs[1].count { $0 == 1_000_000 } == 1 + 20)
    }

    /// A single row is extrapolated from additional sizes whose runs take at most an eighth of the limit.
    @Test func oneRowIsExtrapolatedFromSmallerSizes() throws {
        let meter = FakeMeter([("slow", Self.quadratic), ("fast", Self.linear)])
        var measurement = ScaleMeasurement(meter: meter, limit: 10)
        let rows = try measurement.run([1_000_000, 1_000_000])
        #expect(rows.map(\.isExtrapolated) == [true, false])
        #expect(isSame(rows[0].seconds, Self.quadratic(1_000_000)))
        // 32,000 patches take 0.98 s, 64,000 take 3.9 s.
        #expect(meter.sizes(of: 0) == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000])
        #expect(meter.sizes(of: 1) == [1_000, 2_000, 1_000_000])
    }

    /// The first run on a size has cold caches; the fastest of the others counts.
    @Test func fastestRunCounts() throws {
        let meter = FakeMeter([("fast", Self.linear)])
        meter.delays = [-1e-6, 3e-3, 1e-3] + Array(repeating: 2e-3, count: 100)
        var measurement = ScaleMeasurement(meter: meter, limit: 10)
        let rows = try measurement.run([64])
        #expect(rows.map(\.seconds) == [Self.linear(64) + 1e-3])
    }

    @Test func wrongResultStopsEverything() {
        let meter = FakeMeter([("right", Self.linear), ("wrong", Self.linear)])
        meter.wrong = (1, 45_000)
        var measurement = ScaleMeasurement(meter: meter, limit: 10)
        let error = #expect(throws: ScaleMeasurement.WrongResult.self) { try measurement.run(ScaleMeasurement.sizes) }
        #expect(error?.patcher == "wrong" && error?.patches == 45_000)
        #expect(meter.sizes(of: 1) == [1_000, 2_000, 15_000, 45_000])
    }

    @Test func tableMarksExtrapolatedTimes() {
        let rows = [
            ScaleRow(patches: 15_000, patcher: "kernel-array", seconds: 0.33, copy: 3e-6, isExtrapolated: false),
            ScaleRow(patches: 15_000, patcher: "fast", seconds: 1.5e-5, copy: 3e-6, isExtrapolated: false),
            ScaleRow(patches: 1_000_000, patcher: "kernel-array", seconds: 2_000, copy: 1e-3, isExtrapolated: true),
        ]
        #expect(
            ScaleTable.print(rows, limit: 10) == """
                   patches  patcher             time   ns a patch   to the copy
                    15,000  kernel-array      330 ms       22,000      110,000x
                            fast             15.0 µs         1.00         5.00x

                 1,000,000  kernel-array    ~2,000 s   ~2,000,000   ~2,000,000x

                ~ extrapolated from fewer patches: a run would exceed the limit of 10.0 s

                """)
    }
}
