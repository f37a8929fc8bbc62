import Foundation

/// An axis on which every factor of ten is as long as any other.
struct LogarithmicAxis {
    private let low: Double
    private let high: Double
    private let from: Double
    private let to: Double

    /// Makes an axis that holds all values, from a power of ten to another.
    ///
    /// - Parameters:
    ///   - from: where in the picture the axis begins
    ///   - to: where it ends
    init(over values: [Double], from: Double, to: Double) {
        let logarithms = values.map { log10(max($0, 1e-9)) }
        low = floor((logarithms.min() ?? 0) + 1e-9)
        high = max(low + 1, ceil((logarithms.max() ?? 1) - 1e-9))
        self.from = from
        self.to = to
    }

    /// The powers of ten.
    var ticks: [Double] { stride(from: low, through: high, by: 1).map { pow(10, $0) } }

    /// Where a value is in the picture.
    func place(_ value: Double) -> Double {
        from + (log10(max(value, 1e-9)) - low) / (high - low) * (to - from)
    }
}
