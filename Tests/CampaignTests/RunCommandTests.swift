import Foundation
import Patching
import TestSupport
import Testing

/// The command `run`: output, files and exit status.
@Suite(.serialized) struct RunCommandTests {
    private static let seed = "7"

    @Test func cleanRunReportsItself() throws {
        let folder = try Tool.Folder()
        let run = try Tool.run(
            ["run", "--seed", Self.seed, "--cases", "1000", "--json", "--crashes", folder.path] + Tool.patiently)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.hasPrefix("seed 7\n") && run.output.contains("\nrepeat with: /"))
        #expect(run.output.contains("/bpf-patch-fuzz run --seed 7 --cases 1000 --jobs 1"))
        let report = try run.report()
        #expect(report["seed"] as? Int == 7 && report["cases"] as? Int == 1000 && report["jobs"] as? Int == 1)
        #expect((report["findings"] as? [Any])?.isEmpty == true)
        #expect(report["seconds"] as? Double ?? 0 > 0 && report["cases_per_second"] as? Double ?? 0 > 0)
        #expect(try folder.texts().isEmpty)
    }

    /// The number of workers changes neither the findings nor a byte of their files.
    @Test func findingsDoNotDependOnJobs() throws {
        var reports: [[String]] = []
        var files: [[String: String]] = []
        for jobs in ["1", "2", "3"] {
            let folder = try Tool.Folder()
            let run = try Tool.run([
                "run", "--seed", Self.seed, "--cases", "700", "--jobs", jobs, "--json", "--crashes", folder.path,
                "--patcher", "planted-lost-aux", "--patcher", "delta-array", "--timeout", "600",
            ])
            #expect(run.status == 77, "\(run.errors)")
            let report = try run.report()
            #expect(report["cases"] as? Int == 700)
            let findings = report["findings"] as? [[String: Any]] ?? []
            reports.append(
                findings.map {
                    "\($0["bucket"] ?? "") \($0["index"] ?? "") \($0["sightings"] ?? "") \($0["insns"] ?? "")"
                })
            files.append(try folder.texts())
            for finding in findings {
                #expect(finding["target"] as? String == "planted-lost-aux" && finding["rule"] as? String == "aux")
                #expect(finding["edits"] as? Int ?? 9 <= 2 && finding["insns"] as? Int ?? 9 <= 6)
            }
        }
        #expect(!reports[0].isEmpty && reports[0] == reports[1] && reports[0] == reports[2])
        #expect(files[0] == files[1] && files[0] == files[2])
    }

    /// The file of a finding can be replayed, minimized without a change, and drawn.
    @Test func findingsCanBeUsed() throws {
        let folder = try Tool.Folder()
        _ = try Tool.run([
            "run", "--seed", Self.seed, "--cases", "1000", "--crashes", folder.path, "--patcher", "planted-back-jump",
            "--timeout", "600",
        ])
        let names = try folder.texts().keys.sorted()
        let file = folder.path + "/" + (try #require(names.first))
        let replay = try Tool.run(["replay", folder.path])
        #expect(replay.status == 77)
        #expect(replay.replayCounts == ReplayCounts(failed: names.count))
        #expect(replay.output.contains("\(file): planted-back-jump/"))
        let other = try Tool.run(["replay", folder.path, "--patcher", "delta-array"])
        #expect(other.status == 0 && other.replayCounts == ReplayCounts(passed: names.count))
        let smaller = folder.path + "/smaller.case"
        let minimize = try Tool.run(["minimize", file, "-o", smaller, "--json"])
        #expect(minimize.status == 0, "\(minimize.errors)")
        let report = try minimize.report()
        #expect(report["candidates"] as? Int ?? 0 > 0 && report["seconds"] is Double)
        #expect(try String(contentsOfFile: smaller, encoding: .utf8) == String(contentsOfFile: file, encoding: .utf8))
        let show = try Tool.run(["show", file])
        #expect(show.status == 0 && show.output.contains("✗"))
    }

    /// A patcher that ends its process is a finding, and the campaign continues.
    @Test func deadlyPatcherIsAFinding() throws {
        let folder = try Tool.Folder()
        let run = try Tool.run([
            "run", "--seed", Self.seed, "--cases", "1500", "--jobs", "2", "--json", "--crashes", folder.path,
            "--patcher", "planted-trap", "--patcher", "delta-array", "--timeout", "600",
        ])
        #expect(run.status == 77, "\(run.errors)")
        let report = try run.report()
        let findings = report["findings"] as? [[String: Any]] ?? []
        #expect(report["cases"] as? Int == 1500)
        #expect(findings.count == 1 && (findings.first?["bucket"] as? String)?.hasPrefix("planted-trap/crash/") == true)
        let replay = try Tool.run(["replay", folder.path])
        #expect(replay.status == 77)
        #expect(
            replay.output.contains(
                "planted-trap/crash/sigill/none: the patcher crashes with SIGILL (ends the process with SIGILL)"))
    }

    /// If two campaigns write into one folder, the smaller case of a bucket survives. An equally small one is not replaced.
    @Test func earlierFindingsAreKept() throws {
        let folder = try Tool.Folder()
        var texts: [[String: String]] = []
        var kept: [Bool] = []
        for seed in ["3", "5", "3"] {
            let run = try Tool.run([
                "run", "--all", "--seed", seed, "--cases", "600", "--crashes", folder.path, "--patcher",
                "planted-back-jump", "--timeout", "600",
            ])
            #expect(run.status == 77, "\(run.errors)")
            texts.append(try folder.texts())
            kept.append(run.output.contains(", kept from seed "))
        }
        #expect(kept == [false, true, true])
        #expect(texts[1] == texts[2] && texts[0] != texts[1])
        let name = try #require(texts[2].keys.min())
        _ = try folder.write("no case at all", to: name)
        _ = try Tool.run([
            "run", "--seed", "3", "--cases", "600", "--crashes", folder.path, "--patcher", "planted-back-jump",
            "--timeout", "600",
        ])
        #expect(try folder.texts()[name + ".unreadable"] == "no case at all")
    }

    /// The block of a killed worker runs again.
    @Test func blockOfAKilledWorkerRunsAgain() throws {
        let folders = [try Tool.Folder(), try Tool.Folder()]
        var killed: [Int] = []
        func run(_ folder: Tool.Folder, _ meanwhile: (TestProcess) throws -> Void) throws -> [String: Any] {
            let run = try Tool.run(
                [
                    "run", "--seed", Self.seed, "--cases", "6000", "--jobs", "2", "--json", "--crashes", folder.path,
                    "--patcher", "planted-lost-aux", "--timeout", "600",
                ], meanwhile: meanwhile)
            #expect(run.status == 77, "\(run.errors)")
            killed.append(run.errors.components(separatedBy: "a worker was killed by signal 9 ").count - 1)
            return try run.report()
        }
        let calm = try run(folders[0]) { _ in }
        let disturbed = try run(folders[1]) { process in
            // Once while the first worker is starting, and once after the first finding.
            for what in ["a worker", "a finding"] {
                try Tool.wait(for: what, of: process) {
                    // A file that is being written has another name, and may be gone when it is read.
                    let files = try FileManager.default.contentsOfDirectory(atPath: folders[1].path)
                    return !Tool.workers(of: process.processIdentifier).isEmpty
                        && (what == "a worker" || files.contains { !$0.hasPrefix(".") })
                }
                if let worker = Tool.workers(of: process.processIdentifier).first { kill(worker, SIGKILL) }
            }
        }
        #expect(killed == [0, 2])
        #expect(calm["cases"] as? Int == disturbed["cases"] as? Int)
        #expect(try folders[0].texts() == folders[1].texts())
    }

    @Test(arguments: [SIGINT, SIGTERM]) func interruptEndsLikeTheTimeLimit(_ signal: Int32) throws {
        let folder = try Tool.Folder()
        var pause: UInt32 = 100_000
        while true {
            let run = try Tool.run(
                ["run", "--seed", Self.seed, "--jobs", "2", "--json", "--crashes", folder.path] + Tool.patiently
            ) {
                process in
                // Earlier signals end the process with their default action.
                try Tool.wait(for: "the first line", of: process) { Tool.output(of: process).contains("seed") }
                usleep(pause)
                kill(process.processIdentifier, signal)
            }
            // On a slow machine the first report takes longer.
            if try run.report()["cases"] as? Int == 0 && pause < 1_000_000_000 {
                pause *= 2
                continue
            }
            #expect(run.status == 0, "\(run.errors)")
            #expect(try run.report()["cases"] as? Int ?? 0 > 0)
            return
        }
    }

    @Test func foldersAreCheckedFirst() throws {
        let run = try Tool.run(["run", "--seed", Self.seed, "--cases", "100000000", "--crashes", "/dev/null/here"])
        #expect(run.status == 1)
        #expect(run.errors.contains("/dev/null/here: cannot be made: Not a directory"))
    }

    @Test func unknownPatcherGetsTheList() throws {
        let run = try Tool.run(["run", "--patcher", "delta-aray"])
        #expect(run.status == 64)
        for name in ["delta-aray"] + BuiltInPatchers.allCases.map(\.name) {
            #expect(run.errors.contains(name))
        }
    }

    @Test(arguments: [
        ["--jobs", "0"], ["--time", "-1"], ["--time", "0"], ["--cases", "0"], ["--cases", "x"], ["--what"],
    ])
    func wrongUsageIs64(_ words: [String]) throws {
        #expect(try Tool.run(["run"] + words).status == 64)
    }

    /// The error for a number that is too large names the largest.
    @Test(arguments: [
        (["--time", "2e9"], "to 10000d"), (["--time", "10001d"], "from 1ms to 10000d"),
        (["--timeout", "1e300"], "from 50ms to 10000d"), (["--cases", "1e20"], "below 2^64"),
        (["--index", "1e20"], "below 2^64"), (["--seed", "1e20"], "2^64 - 1"), (["--jobs", "1e9"], "to 4,096"),
    ])
    func largestNumbersAreNamed(_ words: [String], _ text: String) throws {
        let run = try Tool.run(["run"] + words)
        #expect(run.status == 64 && run.errors.contains(text) && !run.errors.contains("or more"), "\(run.errors)")
        #expect(run.errors.contains(words[0]), "\(run.errors)")
    }

    @Test func objectsThatCannotBeUsedAreNamed() throws {
        let folder = try Tool.Folder()
        let broken = try folder.write("no object", to: "broken.o")
        let run = try Tool.run(["run", "--cases", "10", "--objects", broken, "--crashes", folder.path])
        #expect(run.status == 1 && run.errors.contains(broken))
    }
}
