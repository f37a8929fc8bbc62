import Foundation

/// A logarithmic axis of a plot.
struct LogarithmicAxis {
    private let low: Double
    private let high: Double
    private let from: Double
    private let to: Double

    /// Makes an axis that contains all values and has powers of ten at both ends.
    ///
    /// - Parameters:
    ///   - from: the coordinate of the beginning
    ///   - to: the coordinate of the end
    init(over values: [Double], from: Double, to: Double) {
        let logarithms = values.map { log10(max($0, 1e-9)) }
        low = floor((logarithms.min() ?? 0) + 1e-9)
        high = max(low + 1, ceil((logarithms.max() ?? 1) - 1e-9))
        self.from = from
        self.to = to
    }

    /// The powers of ten on the axis.
    var ticks: [Double] { stride(from: low, through: high, by: 1).map { pow(10, $0) } }

    /// The coordinate of a value.
    func place(_ value: Double) -> Double {
        from + (log10(max(value, 1e-9)) - low) / (high - low) * (to - from)
    }
}
