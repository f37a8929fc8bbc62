/// How long a patcher will take for more patches than it has been measured with.
///
/// The time is taken to be `a n + b n²`, through the two largest sizes measured: a part that each patch costs, and a part
/// that each patch costs for every other, which linear designs do not have.
struct ScaleForecast {
    /// How many sizes have been measured.
    private(set) var count = 0
    private var last = (patches: 0.0, seconds: 0.0)
    private var previous = (patches: 0.0, seconds: 0.0)

    /// The largest size measured, or 0.
    var largest: Int { Int(last.patches) }

    /// Takes a measured time; sizes come in increasing order.
    mutating func add(_ patches: Int, seconds: Double) {
        precondition(patches > largest)
        previous = last
        last = (Double(patches), seconds)
        count += 1
    }

    /// The time for a number of patches, or `nil` when nothing has been measured.
    ///
    /// From one size alone the worst is taken, that all of the time is quadratic.
    ///
    /// - Units: seconds
    func seconds(_ patches: Int) -> Double? {
        if count == 0 { return nil }
        let n = Double(patches)
        let linear = last.seconds / last.patches
        if count == 1 { return linear / last.patches * n * n }
        let slope = (linear - previous.seconds / previous.patches) / (last.patches - previous.patches)
        // Where a patch costs less in a larger program, that is the noise of small ones, or their start.
        if slope <= 0 { return linear * n }
        let constant = linear - slope * last.patches
        if constant <= 0 { return linear / last.patches * n * n }
        return constant * n + slope * n * n
    }
}
