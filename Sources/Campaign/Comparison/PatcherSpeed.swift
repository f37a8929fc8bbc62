import Foundation
import Fuzzing

/// The rate of cases with one patcher alone, on one processor.
package struct PatcherSpeed: Codable, Sendable {
    /// The rate, by patcher.
    package var casesPerSecond: [String: Double]

    /// The number of cases of one run; all patchers run the same.
    private static let cases: UInt64 = 1000
    /// The number of runs, of which the fastest counts.
    private static let runs = 3

    /// Measures patchers in this process, which one of them may end.
    ///
    /// The time is that of the thread, so that other work on the machine does not count. It includes making and judging
    /// the cases, as in a campaign.
    package init(of choices: [PatcherChoice], seed: UInt64) {
        casesPerSecond = [:]
        let limits = PatcherTarget(choices).limits
        for choice in choices {
            var best = Double.infinity
            for _ in 0..<Self.runs {
                var fuzzer = Fuzzer(seed: seed, limits: limits, patchers: [choice.make()], describesFindings: false)
                let start = ThreadClock.now
                for index in 0..<Self.cases { _ = fuzzer.run(index: index) }
                best = min(best, ThreadClock.now - start)
            }
            casesPerSecond[choice.name] = Double(Self.cases) / max(best, 1e-6)
        }
    }

    /// Measures one plug-in in a child process.
    ///
    /// - Parameter words: the arguments of a command that prints the measurement as JSON
    /// - Returns: the rate; `nil` if the plug-in ended its process, or took longer than `limit` seconds
    package static func measure(_ words: [String], host: any HostProgram, limit: Double) -> Double? {
        guard let text = HostOutput.text(of: words, host: host, limit: limit) else { return nil }
        return (try? JSONDecoder().decode(PatcherSpeed.self, from: Data(text.utf8)))?.casesPerSecond.values.first
    }
}
