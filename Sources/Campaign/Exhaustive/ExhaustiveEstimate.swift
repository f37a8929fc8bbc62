import Foundation
import Fuzzing
import Patching

/// The number of cases of an exhaustive campaign, and the time that they will take.
package struct ExhaustiveEstimate: Sendable {
    package var cases: UInt64
    /// - Units: seconds
    package var seconds: Double
    private let jobs: Int

    /// The longest campaign that starts without a confirmation.
    ///
    /// - Units: seconds
    package static let longest = 3600.0

    /// The processor time of the measurement.
    ///
    /// - Units: seconds
    private static let measured = 0.2

    /// Measures blocks of cases from all parts of a campaign.
    ///
    /// The engine replaces patchers from outside, which may crash this process. So their own cost is not in the
    /// estimate.
    package init(_ configuration: CampaignConfiguration, _ target: PatcherTarget, _ all: SmallCases) {
        let shard = configuration.cases.shard
        cases = shard.count(below: min(configuration.cases.limit ?? all.count, all.count))
        jobs = configuration.budget.jobs
        let patchers = target.patchers.map { choice in
            PatcherChoice.builtIn.contains(choice) ? choice.make() : Engine()
        }
        var fuzzer = Fuzzer(
            seed: 0, small: all, patchers: patchers, oracle: target.oracleOptions.oracle, describesFindings: false)
        let blocks = max(cases / Shard.blockSize, 1)
        let start = ThreadClock.now
        var ran: UInt64 = 0
        // A number without a common factor with that of the blocks visits all parts early.
        var block: UInt64 = 0
        while ran < max(cases, 1), ThreadClock.now - start < Self.measured {
            for index in shard.indices(ofBlock: block % blocks, limit: all.count) {
                _ = fuzzer.run(index: index)
                ran += 1
            }
            block += blocks / 61 * 23 + 1
        }
        seconds = (ThreadClock.now - start) / Double(max(ran, 1)) * Double(cases) / Double(jobs)
    }

    /// The number and the time, in words.
    package var text: String {
        "\(CountText.of(cases, "case")), about \(Self.duration(seconds)) on \(CountText.of(jobs, "processor"))"
    }

    /// A duration in the largest unit of which there are at least two.
    static func duration(_ seconds: Double) -> String {
        let units = [("day", 86_400.0), ("hour", 3600), ("minute", 60)]
        for (unit, length) in units where seconds >= 2 * length {
            return CountText.of(UInt64(min(seconds / length, 1e15).rounded()), unit)
        }
        return CountText.of(UInt64(max(seconds, 1).rounded()), "second")
    }
}
