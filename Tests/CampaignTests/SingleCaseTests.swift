import Foundation
import TestSupport
import Testing

/// `--index N`: one case of a seed.
struct SingleCaseTests {
    private static let patchers = ["--patcher", "all", "--patcher", "planted-back-jump"]

    private static func run(_ seed: Int, _ index: Int, _ words: [String] = patchers) throws -> Tool.Outcome {
        try Tool.run(["run", "--seed", "\(seed)", "--index", "\(index)"] + words)
    }

    /// A single case has the same findings as in a campaign, or none.
    @Test func aCaseHasTheFindingsOfTheCampaign() throws {
        let folder = try Tool.Folder()
        let words = ["--patcher", "planted-back-jump", "--patcher", "delta-array"]
        let campaign = try Tool.run(
            ["run", "--seed", "3", "--cases", "600", "--json", "--crashes", folder.path + "/crashes"] + words)
        let findings = try campaign.report()["findings"] as? [[String: Any]] ?? []
        let firsts = Dictionary(
            // Collateral findings have no index.
            findings.filter { $0["sightings"] as? Int ?? 0 > 0 }
                .map { ($0["index"] as? Int ?? -1, [$0["bucket"] as? String ?? ""]) }, uniquingKeysWith: +)
        try #require(firsts.count >= 2)
        for (index, buckets) in firsts.sorted(by: { $0.key < $1.key }).prefix(4) {
            let outcome = try Self.run(3, index, words + ["--cases", "600", "--jobs", "2", "--time", "9"])
            #expect(outcome.status == 77, "\(outcome)")
            for bucket in buckets where !bucket.isEmpty {
                #expect(outcome.output.contains("# \(bucket): "), "\(outcome.output)")
            }
            #expect(outcome.output.contains("\nbucket: \(buckets[0])\n"), "\(outcome.output)")
            #expect(outcome.output.contains("\n# delta-array: clean\n"), "\(outcome.output)")
            // The output is a case file.
            let file = try folder.write(outcome.output, to: "\(index).case")
            let replayed = try Tool.run(["replay", file] + words)
            #expect(replayed.status == 77 && replayed.output.contains(buckets[0]), "\(replayed)")
            #expect(try Tool.run(["replay", file, "--patcher", "delta-array"]).status == 0)
            #expect(try Tool.run(["minimize", file] + words).status == 0)
        }
        let clean = try #require((0..<600).first { firsts[$0] == nil })
        let outcome = try Self.run(3, clean, ["--patcher", "delta-array"])
        #expect(outcome.status == 0 && outcome.output.hasPrefix("# bpf-patch-fuzz case\n# made by: /"), "\(outcome)")
        let again = outcome.output.split(separator: "\n")[1].dropFirst("# made by: ".count)
        let repeated = try Tool.run(["-c", String(again)], program: URL(fileURLWithPath: "/bin/sh"))
        #expect(repeated.output == outcome.output)
        #expect(try Tool.run(["replay", folder.write(outcome.output, to: "clean.case")]).status == 0)
    }

    @Test func everyTargetIsNamed() throws {
        let folder = try Tool.Folder()
        let plugin = folder.path + "/example.so"
        try ExamplePlugin.build(plugin)
        var remarks: Set<Substring> = []
        for index in 0..<12 {
            let outcome = try Self.run(3, index, ["--plugin", "mine=\(plugin)", "--patcher", "index-map"])
            #expect(outcome.status == 0, "\(outcome)")
            let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("# ") }.dropFirst(2)
            #expect(lines.count == 2 && lines.contains { $0.hasPrefix("# index-map: ") }, "\(outcome.output)")
            remarks.formUnion(lines.compactMap { $0.hasPrefix("# mine: ") ? $0.dropFirst(8).prefix(6) : nil })
        }
        // Half of the cases are made within the limits of the plug-in, which skips most of the others.
        #expect(remarks.isSuperset(of: ["clean", "not ru"]), "\(remarks)")
        #expect(remarks.isSubset(of: ["clean", "clean;", "not ru"]), "\(remarks)")
    }

    @Test func aCaseIsPrintedAsJSON() throws {
        let outcome = try Self.run(3, 5, Self.patchers + ["--json"])
        let report = try outcome.report()
        #expect(report["seed"] as? Int == 3 && report["index"] as? Int == 5)
        #expect((report["text"] as? String)?.hasPrefix("# bpf-patch-fuzz case\n") == true)
        #expect((report["findings"] as? [Any])?.isEmpty == (outcome.status == 0))
    }

    @Test(arguments: [
        (["--index", "1"], "give --seed"), (["--index", "1", "--seed", "1", "--state", "/tmp/x"], "leave out --state"),
        (["--index", "-1", "--seed", "1"], "--index"), (["--index", "x", "--seed", "1"], "--index"),
    ])
    func wrongUsageIs64(_ words: [String], _ reason: String) throws {
        let outcome = try Tool.run(["run"] + words)
        #expect(outcome.status == 64 && outcome.errors.contains(reason), "\(words): \(outcome)")
        #expect(outcome.output.isEmpty)
    }

    @Test(.enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)")) func aKernelCaseIsLoaded() throws {
        let folder = try Tool.Folder()
        let words = ["kernel", "run", "--seed", "7", "--profile", "division"]
        let clean = try Tool.run(words + ["--index", "3"])
        #expect(clean.status == 0 && clean.output.contains("\n# kernel "), "\(clean)")
        #expect(clean.output.hasPrefix("# bpf-patch-fuzz case\n# made by: /"))
        let campaign = try Tool.run(
            words + ["--cases", "64", "--plant", "line-dropped", "--json", "--crashes", folder.path + "/crashes"])
        let findings = try campaign.report()["findings"] as? [[String: Any]] ?? []
        let finding = try #require(findings.first, "\(campaign)")
        let index = try #require(finding["index"] as? Int)
        let wrong = try Tool.run(words + ["--index", "\(index)", "--plant", "line-dropped"])
        #expect(wrong.status == 77, "\(wrong)")
        #expect(wrong.output.contains("# \(finding["bucket"] as? String ?? "none"): "), "\(wrong.output)")
    }
}
