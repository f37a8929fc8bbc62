import Foundation
import KernelModel
import KernelRewrites
import TestSupport
import Testing

@testable import Campaign

/// Campaigns against the running kernel that are kept.
@Suite(.serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct KernelStateTests {
    private static func campaign(cases: Int = 800, _ others: [String] = []) throws -> KeptCampaign {
        try KeptCampaign(
            [
                "--seed", "5", "--cases", String(cases), "--profile", "division", "--profile", "helpers", "--plant",
                "line-dropped",
            ] + others, command: ["kernel", "run"])
    }

    /// The counters beside cases, which must not depend on interrupts and workers.
    private static func counts(_ outcome: Tool.Outcome) throws -> String {
        var report = try outcome.report()
        for key in [
            "seconds", "cases_per_second", "loads_per_second", "jobs", "state", "findings", "groups", "left_out",
            "parts",
            "arguments",
        ] {
            report[key] = nil
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: report, options: .sortedKeys), as: UTF8.self)
    }

    /// A resumed campaign has the same result as an undisturbed one.
    @Test func interruptLosesNothing() throws {
        let undisturbed = try Self.campaign()
        let whole = try undisturbed.run()
        #expect(whole.status == 77, "\(whole.errors)")
        var disturbed = try Self.campaign()
        var last = try disturbed.runOn()
        // A campaign may end before this process, which others keep from running, gets to interrupt it.
        while try last.report()["finished"] as? Bool == true {
            disturbed = try Self.campaign()
            last = try disturbed.runOn()
        }
        #expect(last.status == 77 && disturbed.progress < 800, "\(last.errors)")
        last = try disturbed.run(["--jobs", "2"])
        #expect(try undisturbed.result(whole).findings == disturbed.result(last).findings)
        #expect(try Self.counts(whole) == Self.counts(last))
    }

    /// Another kernel, or another of what there is on it, is another campaign.
    @Test func otherKernelIsRefused() throws {
        let campaign = try Self.campaign(cases: 20)
        try campaign.run()
        let file = URL(fileURLWithPath: campaign.state + "/checkpoint")
        let before = try Checkpoint.parse(try Data(contentsOf: file))
        let fuzzTarget = try #require(before.parts[0].configuration.target.kernel)
        let release = fuzzTarget.facts.release
        let changes: [((inout KernelFacts) -> Void, String)] = [
            ({ $0.release = "0.1-other" }, "is of kernel 0.1-other, and this is \(release); resume it there"),
            ({ $0.functions.insert("time_travel") }, "the kernel had time_travel when the campaign in "),
            ({ $0.features = [] }, "the kernel has "),
        ]
        for (change, expected) in changes {
            var (other, changed) = (before, fuzzTarget)
            change(&changed.facts)
            other.parts[0].configuration.target = .kernel(changed)
            try other.print().write(to: file)
            let run = try campaign.run()
            #expect(run.status == 1 && run.errors.contains(expected), "\(run.errors)")
        }
    }

    /// Neither command goes on with a campaign of the other.
    @Test func kindsOfCampaignsAreKeptApart() throws {
        let campaign = try Self.campaign(cases: 20)
        try campaign.run()
        let run = try Tool.run(["run", "--state", campaign.state, "--resume"])
        #expect(
            run.status == 64 && run.errors.contains("kernel run --state \(campaign.state) --resume'\n"))
        let other = try KeptCampaign(["--seed", "1", "--cases", "10"])
        try other.run()
        let kernel = try Tool.run(["kernel", "run", "--state", other.state, "--resume"])
        #expect(
            kernel.status == 64 && kernel.errors.contains("fuzz run --state \(other.state) --resume'\n"))
    }

    /// All shards together are the campaign.
    @Test func shardsAddUp() throws {
        let whole = try Self.campaign()
        let report = try whole.run()
        var parts: [KeptCampaign] = []
        for shard in ["1/2", "2/2"] {
            let part = try Self.campaign(["--shard", shard])
            try part.run()
            parts.append(part)
        }
        let folder = try Tool.Folder()
        let merged = try KeptCampaign.merge(parts, into: folder.path + "/all")
        #expect(merged.status == 77, "\(merged.errors)")
        for key in ["cases", "loads", "accepted", "not_understood", "kernel"] {
            #expect("\(try merged.report()[key] ?? "")" == "\(try report.report()[key] ?? "")", "\(key)")
        }
        let sums = try [merged, report].map {
            try JSONSerialization.data(withJSONObject: $0.report()["coverage"] ?? [], options: .sortedKeys)
        }
        #expect(sums[0] == sums[1] && !sums[0].isEmpty)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/all/crashes")
        #expect(files.contains { $0.hasSuffix(".case") } && files.contains { $0.hasSuffix(".c") })
    }
}
