/// The counts in the last line of `replay`.
package struct ReplayCounts: Equatable, Sendable {
    package var passed: Int
    package var failed: Int
    package var known: Int
    package var notRun: Int
    package var notReadable: Int

    package init(passed: Int = 0, failed: Int = 0, known: Int = 0, notRun: Int = 0, notReadable: Int = 0) {
        self.passed = passed
        self.failed = failed
        self.known = known
        self.notRun = notRun
        self.notReadable = notReadable
    }

    /// Reads a last line; `nil` for another line. The words between the numbers do not matter.
    package init?(_ line: String) {
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 5 else { return nil }
        self.init(
            passed: numbers[0], failed: numbers[1], known: numbers[2], notRun: numbers[3], notReadable: numbers[4])
    }
}

extension TestProcess.Outcome {
    /// The counts of a `replay`; `nil` for another last line.
    package var replayCounts: ReplayCounts? { ReplayCounts(lastLine) }
}
