/// Extrapolates a patcher's time to more patches than measured.
///
/// The model is `a n + b n²`, fitted to the two largest measured sizes. Linear designs have no quadratic part.
struct ScaleForecast {
    /// The number of measured sizes.
    private(set) var count = 0
    private var last = (patches: 0.0, seconds: 0.0)
    private var previous = (patches: 0.0, seconds: 0.0)

    /// The largest measured size, or 0.
    var largest: Int { Int(last.patches) }

    /// Adds a measured time; sizes must increase.
    mutating func add(_ patches: Int, seconds: Double) {
        precondition(patches > largest)
        previous = last
        last = (Double(patches), seconds)
        count += 1
    }

    /// The time for a number of patches, or `nil` without a measurement.
    ///
    /// With a single measurement, all of the time is assumed to be quadratic: the worst case.
    ///
    /// - Units: seconds
    func seconds(_ patches: Int) -> Double? {
        if count == 0 { return nil }
        let n = Double(patches)
        let linear = last.seconds / last.patches
        if count == 1 { return linear / last.patches * n * n }
        let slope = (linear - previous.seconds / previous.patches) / (last.patches - previous.patches)
        // A negative slope is noise or start-up cost of the small sizes.
        if slope <= 0 { return linear * n }
        let constant = linear - slope * last.patches
        if constant <= 0 { return linear / last.patches * n * n }
        return constant * n + slope * n * n
    }
}
