import Foundation
import TestSupport
import Testing

/// A campaign that is interrupted in every way and gone on with, against one that is left alone.
@Suite(.enabled(if: LongTests.areWanted, "\(LongTests.reason)")) struct InterruptedCampaignEnduranceTests {
    @Test func killsChangeNothing() throws {
        try InterruptedCampaignTests.run(disturbances: 200, waiting: 4, cases: 400)
    }
}

/// The same, a few times.
@Suite(.serialized) struct InterruptedCampaignTests {
    /// What is done to a campaign at a random moment.
    private enum Disturbance: CaseIterable {
        case killCampaign, interruptCampaign, killWorker
    }

    @Test func killsChangeNothing() throws { try Self.run(disturbances: 10, waiting: 2, cases: 200) }

    /// Whatever is killed whenever, the findings, their files and the number of cases are those of a run that is left alone.
    ///
    /// - Parameters:
    ///   - disturbances: how often all campaigns together are disturbed
    ///   - turn: one session in so many is left alone until it has kept something, so that a slow machine gets on too
    ///   - cases: how many each campaign has
    static func run(disturbances: Int, waiting turn: Int, cases: Int) throws {
        let seed = UInt64.random(in: 0..<1 << 32)
        print("moments and campaigns from seed \(seed)")
        var random = Moments(state: seed)
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
                // Before it has looked around, SIGINT ends a process like any other. A clean end is 77, or 0 before the
                // first finding, or 1 before the first block.
                let isRight = [-SIGKILL, -SIGINT, 0, 1, 77].contains(outcome.status)
                try #require(isRight, "seed \(seed): \(outcome.status) \(outcome.errors)")
                if outcome.output.contains("; going on after ") { resumed += 1 }
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
            // What a killed campaign shares with its workers is nobody's any more.
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

/// Random moments that can be had again.
private struct Moments: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
