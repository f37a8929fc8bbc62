import Foundation
import Testing

/// A campaign that is interrupted in every way and gone on with, against one that is left alone.
@Suite(.serialized) struct InterruptedCampaignTests {
    /// What is done to a campaign at a random moment.
    private enum Disturbance: CaseIterable {
        case killCampaign, interruptCampaign, killWorker
    }

    /// How often all campaigns together are disturbed.
    private static let disturbances = 200

    /// Whatever is killed whenever, the findings, their files and the number of cases are those of a run that is left alone.
    @Test func killsChangeNothing() throws {
        let seed = UInt64.random(in: 0..<1 << 32)
        print("moments and campaigns from seed \(seed)")
        var random = Moments(state: seed)
        var (done, resumed) = (0, 0)
        while done < Self.disturbances {
            let arguments = [
                "--seed", String(random.next() % 1_000), "--cases", "400", "--patcher", "planted-back-jump",
            ]
            let expected = try KeptCampaign.undisturbed(arguments)
            let campaign = try KeptCampaign(arguments)
            var last: Tool.Outcome?
            while last == nil {
                let jobs = String(Int.random(in: 1...3, using: &random))
                let before = campaign.progress
                let outcome = try campaign.run(["--jobs", jobs]) { process in
                    // Most come at any moment, and one in four when something has been kept, however slow the machine.
                    if random.next() % 4 == 0 {
                        while process.isRunning && campaign.progress == before { usleep(2_000) }
                    }
                    while process.isRunning && done < Self.disturbances {
                        usleep(UInt32.random(in: 0..<120_000, using: &random))
                        let kind = Disturbance.allCases[[0, 0, 0, 0, 1, 2].randomElement(using: &random) ?? 0]
                        if process.isRunning && disturb(process.processIdentifier, kind) { done += 1 }
                    }
                }
                // Before it has looked around, SIGINT ends a process like any other. A clean end is 77, or 0 before the
                // first finding.
                let isRight = [-SIGKILL, -SIGINT, 0, 77].contains(outcome.status)
                try #require(isRight, "seed \(seed): \(outcome.status) \(outcome.errors)")
                if outcome.output.contains("; going on after ") { resumed += 1 }
                if outcome.status >= 0, try outcome.report()["finished"] as? Bool == true { last = outcome }
            }
            let result = try campaign.result(#require(last))
            #expect(result.cases == 400 && result.findings.count > 20)
            try #require(result == expected, "seed \(seed), after \(done) disturbances")
        }
        #expect(resumed > Self.disturbances / 20, "seed \(seed)")
        print("disturbed \(done) times, went on \(resumed) times")
    }

    private func disturb(_ process: pid_t, _ kind: Disturbance) -> Bool {
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
            let workers = Self.children(of: process).filter { child in
                let words = (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? ""
                return words.split(separator: "\0").dropFirst().first == "worker"
            }
            guard let worker = workers.first else { return false }
            kill(worker, SIGKILL)
            return true
        }
    }

    private static func children(of process: pid_t) -> [pid_t] {
        let path = "/proc/\(process)/task/\(process)/children"
        return ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: " ").compactMap {
            pid_t($0)
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
