import Foundation
import Fuzzing
import SystemPackage
import TestSupport
import Testing
import UserFiles

@testable import Campaign

/// Messages, logs, commands and the end of a campaign at a finding.
struct NewsCommandTests {
    private static let lostAux = ["--seed", "7", "--patcher", "planted-lost-aux"]
    private static let backJump = ["--seed", "3", "--cases", "700", "--patcher", "planted-back-jump"]

    /// A line for each bucket: name, index and hits.
    private static func findings(_ outcome: Tool.Outcome) throws -> [String] {
        (try outcome.report()["findings"] as? [[String: Any]] ?? []).map {
            "\($0["index"] ?? "") \($0["bucket"] ?? "") \($0["sightings"] ?? "")"
        }
    }

    /// The buckets of a campaign with their lowest indices, sorted by index.
    private static func firsts(_ words: [String]) throws -> [(index: Int, bucket: String)] {
        let folder = try Tool.Folder()
        let outcome = try Tool.run(["run", "--json", "--crashes", folder.path + "/crashes"] + words)
        return (try outcome.report()["findings"] as? [[String: Any]] ?? []).filter {
            $0["sightings"] as? Int ?? 0 > 0
        }.map {
            ($0["index"] as? Int ?? -1, $0["bucket"] as? String ?? "")
        }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }

    /// A full pipe without a reader on standard error does not block a campaign.
    @Test func unreadErrorsDoNotBlock() throws {
        let (input, output) = try FileDescriptor.pipe(options: .closeOnExec)
        defer { for end in [input, output] { end.end() } }
        output.setNonBlocking()
        while (try? output.put([UInt8](repeating: 10, count: 4096))) != nil {}
        _ = fcntl(output.rawValue, F_SETFL, 0)
        let folder = try Tool.Folder()
        let words = [TestProcess.tool, "run", "--crashes", folder.path + "/crashes"] + Self.backJump
        let run = try TestProcess.run(words, errors: output) { process in
            try Tool.wait(for: "the end") { !process.isRunning }
        }
        #expect(run.status == 77 && run.output.contains("700 cases in "), "\(run)")
    }

    /// With `--until-found`, the first finding that counts ends the campaign. Block and files do not depend on jobs.
    @Test func untilFoundIsTheSameForAllJobs() throws {
        let all = try Self.firsts(Self.backJump)
        try #require(all.count > 4)
        let folder = try Tool.Folder()
        // All earlier buckets are known.
        for wanted in [0, 3] {
            let target = try #require(all.first { $0.index > all[wanted].index } ?? all.last)
            let list = all.filter { $0.index < target.index }.map(\.bucket).joined(separator: "\n")
            let known = try folder.write(list + "\n", to: "known-\(wanted)")
            var results: [[String]] = []
            var files: [[String: String]] = []
            for jobs in ["1", "2", "3"] {
                let crashes = "\(folder.path)/crashes-\(wanted)-\(jobs)"
                let outcome = try Tool.run(
                    ["run", "--until-found", "--json", "--jobs", jobs, "--known", known, "--crashes", crashes]
                        + Self.backJump)
                #expect(outcome.status == 77, "\(outcome)")
                let cases = try outcome.report()["cases"] as? Int ?? 0
                // The campaign ends with the block of 128 cases that has the finding.
                #expect(cases == min((target.index / 128 + 1) * 128, 700), "\(cases), \(target)")
                #expect(outcome.output.contains("--cases \(cases) "), "\(outcome.output)")
                // Only this finding is reported, even if the block has others.
                let findings = try Self.findings(outcome)
                #expect(findings.count == 1 && findings[0].hasPrefix("\(target.index) "), "\(findings) \(target)")
                #expect(
                    outcome.errors.split(separator: "\n").count { $0.contains("  found ") } == 1, "\(outcome.errors)")
                #expect(outcome.output.contains(", 1 finding\nended with the first finding"), "\(outcome.output)")
                results.append(findings)
                files.append(try Tool.Folder.texts(in: crashes))
                // Its file shows that it is minimized: 'minimize' finds no smaller case, at most another one of its size.
                let bucket = findings[0].split(separator: " ")[1]
                let file = crashes + "/" + bucket.replacingOccurrences(of: "/", with: "--") + ".case"
                #expect(files.last?.count == 1)
                let smaller = try Tool.run(["minimize", file])
                let text = try String(contentsOfFile: file, encoding: .utf8)
                let sizes = try [text, smaller.output].map { CaseSize(try CaseFile.parse($0, file: file)) }
                let slots = sizes.map { $0.insns + $0.patchInsns }
                #expect(!text.contains(Case.asSeen), "\(text)")
                #expect(
                    sizes[0].passes == sizes[1].passes && sizes[0].edits == sizes[1].edits && slots[0] == slots[1],
                    "\(smaller.errors)")
            }
            #expect(results[0] == results[1] && results[0] == results[2])
            #expect(files[0] == files[1] && files[0] == files[2])
        }
    }

    @Test func untilFoundWithNothingNewIsClean() throws {
        let folder = try Tool.Folder()
        let known = try folder.write("planted-lost-aux/*\n", to: "known")
        let outcome = try Tool.run(
            ["run", "--until-found", "--json", "--cases", "700", "--known", known, "--crashes", folder.path + "/c"]
                + Self.lostAux)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try outcome.report()["cases"] as? Int == 700)
    }

    /// A campaign that ended this way can be resumed after that block.
    @Test func untilFoundCanBeResumed() throws {
        let campaign = try KeptCampaign(Self.lostAux + ["--cases", "1500", "--jobs", "2"])
        let first = try campaign.run(["--until-found"])
        #expect(first.status == 77 && campaign.progress < 1500, "\(first)")
        let last = try campaign.run()
        #expect(
            try campaign.result(last)
                == KeptCampaign.undisturbed(Self.lostAux + ["--cases", "1500"]), "\(last)")
    }

    @Test func aCommandIsRunForEachNewGroup() throws {
        let all = try Self.firsts(Self.lostAux + ["--cases", "800"])
        try #require(all.count >= 2)
        let campaign = try KeptCampaign(Self.lostAux + ["--cases", "400", "--jobs", "2"])
        let known = try campaign.folder.write(all[0].bucket + "\n", to: "known")
        let list = campaign.folder.path + "/told"
        let words = ["--known", known, "--on-finding", "echo run; cat >> '\(list)'"]
        let first = try campaign.run(words)
        #expect(first.errors.contains("run\n"), "\(first)")
        let last = try campaign.run(words + ["--cases", "800"])
        #expect(last.status == 77, "\(last)")
        let lines = (try? String(contentsOfFile: list, encoding: .utf8))?.split(separator: "\n") ?? []
        let findings = try lines.map { try JSONDecoder().decode(StoredFinding.self, from: Data($0.utf8)) }
        let told = findings.map(\.bucket)
        let groups = (try last.report()["groups"] as? [[String: Any]] ?? []).map { $0["buckets"] as? [String] ?? [] }
        try #require(groups.contains { $0.count > 10 })
        for group in groups where group != [all[0].bucket] {
            // Groups may be joined later, so that there are a few more runs than groups, but far fewer than buckets.
            let count = told.count { group.contains($0) }
            #expect(count > 0 && count <= 1 + group.count / 10, "\(told) of \(group)")
        }
        #expect(Set(told).count == told.count && !told.contains(all[0].bucket))
        for finding in findings {
            #expect(finding.isKnown == false && FileManager.default.fileExists(atPath: finding.file))
        }
    }

    @Test func aFailingCommandDoesNotChangeTheResult() throws {
        let folder = try Tool.Folder()
        let outcome = try Tool.run(
            [
                "run", "--json", "--cases", "400", "--crashes", folder.path + "/crashes", "--on-finding",
                "echo 'on output'; exit 9",
            ] + Self.lostAux)
        #expect(outcome.status == 77 && !outcome.output.contains("on output"), "\(outcome)")
        #expect(outcome.errors.contains("on output") && outcome.errors.contains("ended with status 9"))
        #expect(try Tool.run(["run", "--on-finding", " "]).status == 64)
    }

    /// Findings are printed before an error that ends a campaign. Known findings are only counted.
    @Test(arguments: [false, true]) func findingsArePrintedBeforeAnError(_ isKnown: Bool) throws {
        let folder = try Tool.Folder()
        let plugin = folder.path + "/example.so"
        try ExamplePlugin.build(plugin)
        let crashes = folder.path + "/crashes"
        let known = try folder.write(isKnown ? "planted-trap/*\n" : "", to: "known")
        let words = [
            "run", "--seed", "1", "--time", "1000", "--patcher", "planted-trap", "--plugin", plugin, "--known", known,
            "--crashes", crashes,
        ]
        let outcome = try Tool.run(words) { process in
            try Tool.wait(for: "a finding", of: process) {
                (try? FileManager.default.contentsOfDirectory(atPath: crashes))?.contains {
                    $0.hasPrefix("planted-trap--") && $0.hasSuffix(".case")
                } == true
            }
            let file = try #require(FileHandle(forWritingAtPath: plugin))
            try file.seekToEnd()
            try file.write(contentsOf: Data("\n".utf8))
        }
        #expect(outcome.status == 1 && outcome.errors.contains("error: \(plugin) has changed since"), "\(outcome)")
        #expect(outcome.output.contains("\nplanted-trap: ") == !isKnown, "\(outcome)")
        #expect(outcome.output.contains(isKnown ? ", 1 finding, 1 of them known" : ", 1 finding\n"), "\(outcome)")
    }

    /// Each of the first ten buckets of a target is printed at once; the others share one line.
    @Test func bucketsAreReportedAtOnce() throws {
        let all = try Self.firsts(Self.backJump)
        try #require(all.count > BucketAnnouncer.most + 1)
        let folder = try Tool.Folder()
        let crashes = folder.path + "/crashes"
        let outcome = try Tool.run(["run", "--all", "--crashes", crashes] + Self.backJump)
        let lines = outcome.errors.split(separator: "\n").filter { $0.contains("  found ") }
        #expect(lines.count == BucketAnnouncer.most, "\(outcome.errors)")
        for (line, first) in zip(lines, all) {
            // The order of several findings of one case is undefined.
            let texts = all.filter { $0.index == first.index }.map {
                "found \($0.bucket), at case \($0.index): \(Bucket.sentence(of: $0.bucket)): \(crashes)/"
            }
            #expect(texts.contains { line.contains($0) }, "\(line)")
        }
        let more = outcome.output.split(separator: "\n").count { $0.hasPrefix("    planted-back-jump/") } - lines.count
        #expect(
            outcome.errors.contains("and \(more) more buckets of planted-back-jump\n"), "\(more): \(outcome.errors)")
    }

    @Test func theLogHasEventsWithTimes() throws {
        let campaign = try KeptCampaign(Self.lostAux + ["--cases", "300"])
        _ = try campaign.run()
        let last = try campaign.run(["--cases", "600"])
        let lines = try String(contentsOfFile: campaign.state + "/log", encoding: .utf8).split(separator: "\n")
        let events = lines.compactMap {
            $0.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ([a-z]+): (.+)/#).map { ($0.output.1, $0.output.2) }
        }
        #expect(events.count == lines.count, "\(lines)")
        let kinds = events.map(\.0)
        #expect(kinds.first == "start" && kinds.last == "end" && kinds.count { $0 == "start" } == 1, "\(kinds)")
        #expect(kinds.count { $0 == "resume" } == 1 && kinds.count { $0 == "end" } == 2)
        let buckets = events.filter { $0.0 == "bucket" }.map { $0.1.prefix { $0 != "," } }
        let stored = events.filter { $0.0 == "stored" }.map { $0.1.prefix { $0 != ":" } }
        let all = (try last.report()["findings"] as? [[String: Any]] ?? []).compactMap { $0["bucket"] as? String }
        #expect(buckets.map(String.init).sorted() == all.sorted(), "each once, over both sessions: \(lines)")
        #expect(stored.map(String.init).sorted() == all.sorted())
        #expect(lines.last?.contains("finished after 600 cases") == true)
        // A new campaign there starts a new log.
        _ = try Tool.run(["run", "--state", campaign.state, "--restart", "--cases", "10", "--seed", "1"])
        #expect(try String(contentsOfFile: campaign.state + "/log", encoding: .utf8).split(separator: "\n").count == 2)
        #expect(FileManager.default.fileExists(atPath: campaign.state + "/earlier-1/log"))
    }
}
