import Foundation
import KernelModel
import KernelRewrites
import Testing

@testable import Campaign

/// The command `merge`.
@Suite struct MergeTests {
    private static func campaign(_ others: [String], cases: Int = 20) throws -> KeptCampaign {
        let campaign = try KeptCampaign(["--cases", String(cases), "--patcher", "planted-lost-aux"] + others)
        try campaign.run()
        return campaign
    }

    /// The parts of buckets that do not depend on the shards.
    private static func seen(_ report: [String: Any]) -> [String] {
        let findings = report["findings"] as? [[String: Any]] ?? []
        return findings.filter { $0["sightings"] as? Int != 0 }.map {
            "\($0["bucket"] ?? "") \($0["index"] ?? "") \($0["sightings"] ?? "")"
        }
    }

    /// All shards together equal the whole campaign, in any order.
    @Test func shardsAreTheWhole() throws {
        let whole = try Self.campaign(["--seed", "7"], cases: 300).run().report()
        let parts = try ["1/3", "2/3", "3/3"].map { try Self.campaign(["--seed", "7", "--shard", $0], cases: 300) }
        let folder = try Tool.Folder()
        var files: [[String: String]] = []
        for (number, ordered) in [parts, parts.reversed()].enumerated() {
            let output = "\(folder.path)/\(number)"
            let merge = try KeptCampaign.merge(ordered, into: output)
            #expect(merge.status == 77, "\(merge.errors)")
            let report = try merge.report()
            #expect(report["cases"] as? Int == 300 && report["finished"] as? Bool == true)
            #expect(Self.seen(report) == Self.seen(whole))
            let again = try Tool.run(["run", "--state", output, "--resume", "--json"])
            #expect(again.status == 77 && again.lastLine == merge.lastLine)
            files.append(try Tool.Folder.texts(in: output + "/crashes"))
        }
        #expect(files[0] == files[1])
    }

    /// The counts of each target, including deaths and left-out cases, equal those of the whole campaign. A target that never
    /// ran is an error.
    @Test func countsAreAddedUp() throws {
        func campaign(_ others: [String], cases: Int) throws -> KeptCampaign {
            let words = ["--seed", "7", "--patcher", "planted-trap", "--patcher", "delta-array"] + Tool.patiently
            let campaign = try KeptCampaign(words + ["--cases", "\(cases)"] + others)
            try campaign.run()
            return campaign
        }
        let folder = try Tool.Folder()
        let parts = try ["1/2", "2/2"].map { try campaign(["--shard", $0], cases: 1000) }
        let reports = try parts.map { try $0.run().report() }
        let merge = try KeptCampaign.merge(parts, into: folder.path + "/merged")
        #expect(merge.status == 77, "\(merge)")
        let report = try merge.report()
        for name in ["planted-trap", "delta-array"] {
            let sum = reports.reduce(0) { $0 + (($1["ran"] as? [String: Int])?[name] ?? 0) }
            #expect(sum > 0 && (report["ran"] as? [String: Int])?[name] == sum)
        }
        func deaths(_ report: [String: Any]) -> [String: Any] { (report["deaths"] as? [[String: Any]])?.first ?? [:] }
        for key in ["crashes", "left_out"] {
            let sum = reports.reduce(0) { $0 + (deaths($1)[key] as? Int ?? 0) }
            #expect(deaths(report)[key] as? Int == sum, "\(key)")
        }
        #expect(deaths(report)["target"] as? String == "planted-trap")
        #expect(merge.output.contains("planted-trap was left out of "), "\(merge)")
    }

    /// Each seed keeps its lowest index, and the smallest file survives.
    @Test func seedsAreKeptApart() throws {
        let campaigns = try ["3", "4"].map { try Self.campaign(["--seed", $0], cases: 100) }
        let reports = try campaigns.map { try $0.run().report() }
        let folder = try Tool.Folder()
        let output = folder.path + "/merged"
        let merge = try KeptCampaign.merge(campaigns, into: output)
        let findings = try merge.report()["findings"] as? [[String: Any]] ?? []
        var expected: [String: (sightings: Int, firsts: [Int: Int])] = [:]
        for (seed, report) in zip([3, 4], reports) {
            for finding in report["findings"] as? [[String: Any]] ?? [] {
                let bucket = try #require(finding["bucket"] as? String)
                let sightings = try #require(finding["sightings"] as? Int)
                expected[bucket, default: (0, [:])].sightings += sightings
                if sightings > 0 { expected[bucket]?.firsts[seed] = finding["index"] as? Int }
            }
        }
        #expect(Set(findings.compactMap { $0["bucket"] as? String }) == Set(expected.keys))
        for finding in findings {
            let bucket = try #require(finding["bucket"] as? String)
            let firsts = finding["firsts"] as? [[String: Int]] ?? []
            let pairs = firsts.compactMap { first in first["seed"].flatMap { seed in first["index"].map { (seed, $0) } }
            }
            let isSeen = finding["sightings"] as? Int != 0
            #expect(!isSeen || Dictionary(uniqueKeysWithValues: pairs) == expected[bucket]?.firsts)
            #expect(finding["sightings"] as? Int == expected[bucket]?.sightings)
            let size = try #require(finding["insns"] as? Int)
            let file = URL(fileURLWithPath: finding["file"] as? String ?? "").lastPathComponent
            let texts = campaigns.compactMap {
                try? String(contentsOfFile: "\($0.state)/crashes/\(file)", encoding: .utf8)
            }
            #expect(texts.contains(try String(contentsOfFile: "\(output)/crashes/\(file)", encoding: .utf8)))
            #expect(size > 0)
        }
    }

    /// A missing shard is named, and the merged campaign is not finished.
    @Test func missingShardsAreNamed() throws {
        let parts = try ["1/3", "2/3"].map { try Self.campaign(["--seed", "7", "--shard", $0]) }
        let other = try Self.campaign(["--seed", "8"])
        let many = try Self.campaign(["--seed", "9", "--shard", "2/4000000000"])
        let folder = try Tool.Folder()
        let merges: [([KeptCampaign], [String])] = [
            (parts, ["shard 3/3 is missing"]),
            ([parts[1]], ["shard 1/3 is missing", "shard 3/3 is missing"]),
            ([parts[0], other], ["shard 2/3 of seed 7 is missing", "shard 3/3 of seed 7 is missing"]),
            ([other], []),
            ([many], ["3999999999 shards of 4000000000 are missing"]),
        ]
        for (number, (campaigns, sentences)) in merges.enumerated() {
            let output = "\(folder.path)/\(number)"
            for words in [
                ["merge"] + campaigns.map(\.state) + ["-o", output], ["run", "--state", output, "--resume"],
            ] {
                let run = try Tool.run(words + ["--json"])
                let lines = run.output.split(separator: "\n").map(String.init).filter { $0.hasSuffix(" missing") }
                #expect(lines == sentences, "\(run.output) \(run.errors)")
                #expect(try run.report()["finished"] as? Bool == sentences.isEmpty)
                let missing = try run.report()["missing"] as? [String]
                #expect(missing?.count ?? 0 == sentences.count)
            }
        }
    }

    /// A part below its limit, or with a lower limit than another part, is named with the missing cases.
    @Test func unfinishedPartsAreNamed() throws {
        func part(_ shard: String, cases: Int) throws -> KeptCampaign {
            let campaign = try KeptCampaign([
                "--seed", "7", "--shard", shard, "--cases", "\(cases)", "--patcher", "delta-array",
            ])
            try campaign.run()
            return campaign
        }
        let (one, two, less) = (
            try part("1/2", cases: 600), try part("2/2", cases: 600), try part("2/2", cases: 300)
        )
        let cut = try part("2/2", cases: 600)
        do {
            let folder = try StateFolder.open(cut.state, for: .merging, host: Tool.host)
            var checkpoint = try #require(folder.checkpoint)
            checkpoint.parts[0].cases = 128
            checkpoint.parts[0].isFinished = false
            try folder.save(checkpoint)
        }
        // A part whose time ended before the cases of the others.
        let timed = try part("2/2", cases: 600)
        do {
            let folder = try StateFolder.open(timed.state, for: .merging, host: Tool.host)
            var checkpoint = try #require(folder.checkpoint)
            checkpoint.parts[0].cases = 128
            checkpoint.parts[0].configuration.cases.limit = nil
            checkpoint.parts[0].configuration.budget.time = 5
            try folder.save(checkpoint)
        }
        let folder = try Tool.Folder()
        let merges: [(KeptCampaign, [String])] = [
            (two, []), (cut, ["error: shard 2/2 is not finished: 128 of 256 cases were run\n"]),
            (timed, ["error: shard 2/2 is not finished: 128 of 256 cases were run\n"]),
            (less, ["error: shard 2/2 is not finished: 128 of 256 cases were run\n"]),
        ]
        for (number, (other, sentences)) in merges.enumerated() {
            let output = "\(folder.path)/\(number)"
            for words in [
                ["merge", one.state, other.state, "-o", output], ["run", "--state", output, "--resume"],
            ] {
                let run = try Tool.run(words + ["--json"])
                #expect(run.status == (sentences.isEmpty ? 0 : 1), "\(run)")
                #expect(run.errors == sentences.joined(), "\(run)")
                #expect(try run.report()["finished"] as? Bool == sentences.isEmpty)
            }
        }
    }

    /// The input states do not change, even if they are read-only.
    @Test func statesAreOnlyRead() throws {
        let campaign = try Self.campaign(["--seed", "7"])
        let names = try FileManager.default.contentsOfDirectory(atPath: campaign.state + "/crashes")
        let file = try campaign.state + "/crashes/" + #require(names.first { $0.hasSuffix(".case") })
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        let folder = try Tool.Folder()
        for (number, content) in [whole, whole.prefix(10)].enumerated() {
            try content.write(to: URL(fileURLWithPath: file))
            let before = try FileManager.default.subpathsOfDirectory(atPath: campaign.state).sorted()
            let lock = try String(contentsOfFile: campaign.state + "/lock", encoding: .utf8)
            let merge = try Tool.run(["merge", campaign.state, "-o", "\(folder.path)/\(number)"])
            #expect(merge.status == (number == 0 ? 77 : 1), "\(merge)")
            #expect(number == 0 || merge.errors.contains("\(file): is not a readable case"), "\(merge)")
            #expect(try FileManager.default.subpathsOfDirectory(atPath: campaign.state).sorted() == before)
            #expect(try String(contentsOfFile: campaign.state + "/lock", encoding: .utf8) == lock)
        }
    }

    /// Loads of kernels and cases of patchers cannot be added.
    @Test func kernelsAndPatchersAreNotMerged() throws {
        let campaigns = try (7...8).map { try Self.campaign(["--seed", "\($0)"]) }
        do {
            let folder = try StateFolder.open(campaigns[1].state, for: .merging, host: Tool.host)
            var checkpoint = try #require(folder.checkpoint)
            let facts = KernelFacts(release: "6.1", features: [])
            checkpoint.parts[0].configuration.target = .kernel(KernelTarget(facts: facts))
            try folder.save(checkpoint)
        }
        for states in [campaigns, campaigns.reversed()].map({ $0.map(\.state) }) {
            let merge = try Tool.run(["merge"] + states + ["-o", campaigns[0].folder.path + "/merged"])
            #expect(merge.status == 1, "\(merge.output)")
            let isOfPatchers = merge.errors.hasPrefix("error: \(campaigns[0].state) is a campaign of patchers")
            #expect(isOfPatchers && merge.errors.contains("\(campaigns[1].state) of a kernel"), "\(merge.errors)")
        }
    }

    @Test func knownBucketsDoNotCount() throws {
        let campaign = try Self.campaign(["--seed", "7"])
        let list = try campaign.folder.write("*", to: "known")
        let output = campaign.folder.path + "/merged"
        #expect(try Tool.run(["merge", campaign.state, "-o", output, "--known", list]).status == 0)
        #expect(try Tool.run(["run", "--state", output, "--resume"]).status == 77)
        let unreadable = try Tool.run(["merge", campaign.state, "-o", output + "2", "--known", "/none"])
        #expect(unreadable.status == 1 && unreadable.errors.contains("/none: cannot be read"))
    }

    @Test func otherStatesAreRefused() throws {
        let parts = try ["1/3", "2/3"].map { try Self.campaign(["--seed", "7", "--shard", $0]) }
        let twin = try Self.campaign(["--seed", "7", "--shard", "1/3"])
        let whole = try Self.campaign(["--seed", "7"])
        let half = try Self.campaign(["--seed", "7", "--shard", "2/2"])
        let broken = try Self.campaign(["--seed", "7", "--shard", "3/3"])
        try FileManager.default.removeItem(atPath: broken.state)
        try FileManager.default.createDirectory(atPath: broken.state + "/crashes/x", withIntermediateDirectories: true)
        let folder = try Tool.Folder()
        func merge(_ states: [String], _ output: String = "new") throws -> Tool.Outcome {
            try Tool.run(["merge"] + states + ["-o", "\(folder.path)/\(output)"])
        }
        let merged = try merge(parts.map(\.state), "merged")
        #expect(merged.status == 77)
        let states: [([String], String)] = [
            ([parts[0].state, twin.state], "are both shard 1/3 of one campaign"),
            ([parts[0].state, parts[0].state], "is named twice"),
            ([parts[0].state, parts[0].state + "/../state"], "is named twice"),
            ([parts[0].state, whole.state], "is shard 1/1, but"),
            ([parts[0].state, half.state], "is shard 2/2, but"),
            (["\(folder.path)/merged", parts[1].state], "are both shard 2/3 of one campaign"),
            (["\(folder.path)/nothing"], "contains no campaign; name folders that were used with --state"),
            ([parts[0].state, folder.path], "contains no campaign; name folders that were used with --state"),
            ([parts[0].state, broken.state], "contains crashes, but no checkpoint"),
        ]
        for (words, sentence) in states {
            let run = try merge(words)
            // A repeated state is refused before any is read.
            let status: Int32 = sentence == "is named twice" ? 64 : 1
            #expect(run.status == status && run.errors.contains(sentence), "\(run.errors)")
            for word in ["--resume", "--restart"] { #expect(!run.errors.contains(word), "\(run.errors)") }
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/new"))
        }
        let full = try merge([parts[0].state], "merged")
        #expect(full.status == 1 && full.errors.contains("merged is not empty"))
        #expect(try Tool.run(["merge", "-o", "x"]).status == 64)
        #expect(try Tool.run(["merge", whole.state]).status == 64)
        let more = try Tool.run(["run", "--state", folder.path + "/merged", "--resume", "--cases", "900"])
        #expect(more.status == 64 && more.errors.contains("contains merged states, which cannot be resumed"))
    }
}
