import Foundation
import Testing

@testable import Campaign

/// The command `exhaust`.
@Suite(.serialized) struct ExhaustCommandTests {
    private static let bounds = ["--slots", "2", "--edits", "2"]
    private static let count = 7632

    private static func exhaust(_ others: [String], _ folder: Tool.Folder) throws -> Tool.Outcome {
        try Tool.run(
            ["exhaust"] + bounds + ["--json", "--crashes", folder.path] + Tool.patiently + others)
    }

    private static func digests(_ report: [String: Any]) -> [String] { report["digests"] as? [String] ?? [] }

    /// The statement is whole, and the number of workers does not change the digest.
    @Test func cleanRunStatesWhatWasShown() throws {
        let folder = try Tool.Folder()
        var digests: Set<String> = []
        for jobs in ["1", "3"] {
            let run = try Self.exhaust(["--jobs", jobs], folder)
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                run.output.contains(
                    "\nevery case with at most 2 slots of program and patches together, and at most 2 edits was run: 7,632 cases\n"
                ))
            #expect(run.output.contains(ExhaustiveResult.rightWords + ": delta-array, "))
            let report = try run.report()
            #expect(report["cases"] as? Int == Self.count && report["complete"] as? Bool == true)
            #expect(report["bounds"] as? [String: Int] == ["slots": 2, "edits": 2, "cases": Self.count])
            #expect((report["findings"] as? [Any])?.isEmpty == true && Self.digests(report).count == 64)
            #expect((report["patchers"] as? [[String: Any]])?.count == 8)
            digests.insert(report["digest"] as? String ?? "")
        }
        #expect(digests.count == 1 && !digests.contains(""))
    }

    /// The digest of a shard is one of the digests of the whole, and merged shards are the whole.
    @Test func samplesAndShardsAgree() throws {
        let folder = try Tool.Folder()
        let whole = try Self.exhaust([], folder).report()
        let sample = try Self.exhaust(["--shard", "7/64"], folder).report()
        #expect(sample["digest"] as? String == Self.digests(whole)[6] && sample["complete"] as? Bool == false)
        let states = ["a", "b"].map { "\(folder.path)/\($0)" }
        for (number, state) in states.enumerated() {
            let part = try Tool.run(["exhaust"] + Self.bounds + ["--shard", "\(number + 1)/2", "--state", state])
            #expect(part.status == 0, "\(part.errors)")
        }
        let merge = try Tool.run(["merge"] + states + ["-o", folder.path + "/whole", "--json"])
        #expect(merge.status == 0, "\(merge.errors)")
        let again = try Tool.run(["exhaust", "--state", folder.path + "/whole", "--resume", "--json"])
        #expect(again.status == 0 && again.lastLine == merge.lastLine, "\(again.errors)")
        let report = try merge.report()
        #expect(report["digest"] as? String == whole["digest"] as? String && report["complete"] as? Bool == true)
    }

    /// A campaign that was cut off continues to the same digest. `run` does not resume it.
    @Test func resumedCampaignIsWhole() throws {
        let folder = try Tool.Folder()
        let state = folder.path + "/state"
        let first = try Tool.run(["exhaust"] + Self.bounds + ["--cases", "3000", "--state", state, "--json"])
        #expect(first.status == 0, "\(first.errors)")
        #expect(try first.report()["complete"] as? Bool == false)
        let wrong = try Tool.run(["run", "--state", state, "--resume"])
        #expect(wrong.status == 64 && wrong.errors.contains("exhaust --state"), "\(wrong.errors)")
        let rest = try Tool.run(["exhaust", "--state", state, "--resume", "--cases", "1e9", "--json"])
        #expect(rest.status == 0, "\(rest.errors)")
        let whole = try Self.exhaust([], folder).report()
        let report = try rest.report()
        #expect(report["complete"] as? Bool == true && report["digest"] as? String == whole["digest"] as? String)
    }

    /// The first finding of a faulty patcher is the smallest case: its number is the number of smaller cases.
    @Test func faultIsProvenSmallest() throws {
        let folder = try Tool.Folder()
        let run = try Self.exhaust(["--patcher", "planted-lost-aux", "--patcher", "engine"], folder)
        #expect(run.status == 77, "\(run.errors)")
        #expect(
            run.output.contains("proven smallest by ") && run.output.contains(ExhaustiveResult.rightWords + ": engine"))
        let findings = try run.report()["findings"] as? [[String: Any]] ?? []
        let first = try #require(findings.min { $0["index"] as? Int ?? 0 < $1["index"] as? Int ?? 0 })
        #expect(first["target"] as? String == "planted-lost-aux" && first["edits"] as? Int == 1)
        let smaller = try #require(first["smaller_cases"] as? Int)
        #expect(smaller > 0 && smaller <= first["index"] as? Int ?? 0)
        // The case of the number alone, and a number after the last.
        let index = "\(first["index"] ?? "")"
        let one = try Tool.run(["exhaust"] + Self.bounds + ["--index", index, "--patcher", "planted-lost-aux"])
        #expect(one.status == 77 && one.output.contains("exhaust --slots 2 --edits 2 --index \(index)"))
        let none = try Tool.run(["exhaust"] + Self.bounds + ["--index", "\(Self.count)"])
        #expect(none.status == 64 && none.errors.contains("\(Self.count - 1)"), "\(none.errors)")
    }

    /// A patcher that dies has a finding, and the others run all cases.
    @Test func deadlyPatcherIsAFinding() throws {
        let folder = try Tool.Folder()
        let run = try Self.exhaust(["--patcher", "planted-trap", "--patcher", "delta-array"], folder)
        #expect(run.status == 77, "\(run.errors)")
        let report = try run.report()
        let buckets = (report["findings"] as? [[String: Any]] ?? []).compactMap { $0["bucket"] as? String }
        #expect(buckets.contains { $0.hasPrefix("planted-trap/crash/") }, "\(buckets)")
        #expect((report["ran"] as? [String: Int])?["delta-array"] == Self.count)
    }

    /// Bounds that take more than an hour print their number first, and run with `--yes` only.
    @Test func largeBoundsNeedYes() throws {
        let folder = try Tool.Folder()
        let words = ["exhaust", "--slots", "5", "--edits", "1", "--crashes", folder.path]
        let refused = try Tool.run(words)
        #expect(refused.status == 64 && refused.output.hasPrefix("24,512,170,548 cases, about "), "\(refused)")
        #expect(refused.errors.contains("--yes"))
        let short = try Tool.run(words + ["--cases", "256", "--patcher", "engine"])
        #expect(short.status == 0, "\(short.errors)")
    }
}
