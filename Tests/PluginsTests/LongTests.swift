import Foundation

/// The long tests, whose suites are named `…EnduranceTests`: `make test-long` runs them.
enum LongTests {
    /// The environment variable that `make test-long` sets.
    static let variable = "LONG_TESTS"
    static let areWanted = ProcessInfo.processInfo.environment[variable] != nil
    static let reason = "long: run by make test-long"
}
