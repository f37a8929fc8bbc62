import Foundation

/// The long tests, whose suites are named `…EnduranceTests`: `make test-long` runs them.
package enum LongTests {
    /// The environment variable that `make test-long` sets.
    package static let variable = "LONG_TESTS"
    package static let areWanted = ProcessInfo.processInfo.environment[variable] != nil
    package static let reason = "long: run by make test-long"
}
