import Foundation
import TestSupport
import Testing

/// A campaign that is interrupted in every way and resumed has the same result as an undisturbed one.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct InterruptedCampaignEnduranceTests {
    @Test func killsDoNotChangeTheResult() throws {
        try InterruptedCampaignTests.run(disturbances: 200, waiting: 4, cases: 400)
    }
}

/// The same with a few interruptions.
@Suite(.serialized) struct InterruptedCampaignTests {
    /// A disturbance at a random moment.
    private enum Disturbance: CaseIterable {
        case killCampaign, interruptCampaign, killWorker
    }

    @Test func killsDoNotChangeTheResult() throws { try Self.run(disturbances: 10, waiting: 2, cases: 200) }

    /// Checks that findings, files and the number of cases equal those of an undisturbed run.
    ///
    /// - Parameters:
    ///   - disturbances: the number of disturbances of all campaigns together
    ///   - turn: one in `turn` sessions runs to its first checkpoint, so that a slow machine makes progress
    ///   - cases: the number of cases of each campaign
    static func run(disturbances: Int, waiting turn: Int, cases: Int) throws {
        let seed = UInt64.random(in: 0..<1 << 32)
        print("moments and campaigns from seed \(seed)")
        var random = SeededNumbers(seed: seed)
        var (done, resumed, sessions) = (0, 0, 0)
        while done < disturbances {
            let arguments = [
                "--seed", String(random.next() % 1_000), "--cases", String(cases), "--patcher", "planted-back-jump",
            ]
            let expected = try KeptCampaign.undisturbed(arguments)
            let campaign = try KeptCampaign(arguments)
            var last: Tool.Outcome?
            while last == nil {
                let jobs = String(Int.random(in: 1...3, using: &random))
                let before = campaign.progress
                sessions += 1
                let outcome = try campaign.run(["--jobs", jobs]) { process in
                    if sessions % turn == 0 {
                        try Tool.wait(for: "more cases in \(campaign.state)") {
                            !process.isRunning || campaign.progress != before
                        }
                    }
                    while process.isRunning && done < disturbances {
                        usleep(UInt32.random(in: 0..<120_000, using: &random))
                        let kind = Disturbance.allCases[[0, 0, 0, 0, 1, 2].randomElement(using: &random) ?? 0]
                        if process.isRunning && disturb(process.processIdentifier, kind) { done += 1 }
                    }
                }
                // Before the handler is installed, SIGINT ends the process. Otherwise the status is 77, or 0 before the
                // first finding, or 1 before the first block.
                let isRight = [-SIGKILL, -SIGINT, 0, 1, 77].contains(outcome.status)
                try #require(isRight, "seed \(seed): \(outcome.status) \(outcome.errors)")
                if outcome.output.contains("; resuming after ") { resumed += 1 }
                if outcome.status >= 0, try outcome.report()["finished"] as? Bool == true { last = outcome }
            }
            let result = try campaign.result(#require(last))
            #expect(result.cases == cases && result.findings.count * 20 > cases)
            try #require(result == expected, "seed \(seed), after \(done) disturbances")
        }
        #expect(resumed > disturbances / 20, "seed \(seed)")
        print("disturbed \(done) times, went on \(resumed) times")
    }

    private static func disturb(_ process: pid_t, _ kind: Disturbance) -> Bool {
        switch kind {
        case .killCampaign:
            kill(process, SIGKILL)
            // The shared memory of a killed campaign is not removed.
            for name in (try? FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory())) ?? []
            where name.hasPrefix("bpf-patch-fuzz-\(process)-") {
                try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + name)
            }
            return true
        case .interruptCampaign:
            kill(process, SIGINT)
            return true
        case .killWorker:
            guard let worker = Tool.workers(of: process).first else { return false }
            kill(worker, SIGKILL)
            return true
        }
    }
}
