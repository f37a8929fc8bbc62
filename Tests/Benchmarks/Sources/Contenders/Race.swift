import Fuzzing

/// Measures contenders in one run. Each round runs them in turn, and the fastest round of each counts, so that other load
/// on the machine hardly affects their ratios.
package struct Race {
    private var names: [String] = []
    private var laps: [() -> Void] = []

    package init() {}

    /// Adds a contender.
    package mutating func add(_ name: String, _ lap: @escaping () -> Void) {
        names.append(name)
        laps.append(lap)
    }

    /// Runs all contenders once without a clock and then `rounds` times with one.
    ///
    /// - Returns: the processor time of each in its fastest round, by name
    /// - Units: nanoseconds
    package func run(rounds: Int) -> [String: Double] {
        for lap in laps { lap() }
        var best = [Double](repeating: .infinity, count: laps.count)
        for _ in 0..<rounds {
            for (number, lap) in laps.enumerated() {
                let start = ThreadClock.now
                lap()
                best[number] = min(best[number], (ThreadClock.now - start) * 1e9)
            }
        }
        return Dictionary(uniqueKeysWithValues: zip(names, best))
    }
}
