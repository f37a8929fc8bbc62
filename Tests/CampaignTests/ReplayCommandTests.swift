import Foundation
import Fuzzing
import TestSupport
import Testing

@testable import Campaign
@testable import bpf_patch_fuzz

/// `replay` distinguishes cases that ran from cases that did not.
@Suite struct ReplayCommandTests {
    private static let edit = "program\n    goto L2\n    r1 = 1\nL2: exit\n\npass\n  delete 1\n"
    private static let malformed = "program\n    r1 = 1\n    exit\n\npass\n  delete 7\n\nexpect EINVAL\n"
    private static let kernel = "target: kernel\nbucket: kernel/x/y/z\ntype: xdp\nprogram\n    r0 = 1\n    exit\n"

    private static func counts(_ passed: Int, _ failed: Int, _ known: Int, _ notRun: Int) -> ReplayCounts {
        ReplayCounts(passed: passed, failed: failed, known: known, notRun: notRun)
    }

    /// Kernel cases are not loaded without an option, which a message reports, with or without named patchers.
    @Test(arguments: [[], ["--patcher", "index-map"]] as [[String]])
    func kernelCasesAreNotLoadedByDefault(_ more: [String]) throws {
        let folder = try Tool.Folder()
        _ = try folder.write(Self.kernel, to: "kernel.case")
        _ = try folder.write(Self.edit, to: "edit.case")
        let run = try Tool.run(["replay", folder.path] + more)
        #expect(run.status == 0 && run.replayCounts == Self.counts(1, 0, 0, 1), "\(run.output)")
        #expect(run.output.contains("not run: 1: \(Replay.needsKernel)\n") && run.errors.isEmpty)
        let alone = try Tool.run(["replay", folder.path + "/kernel.case"] + more)
        #expect(alone.status == 1 && alone.errors == "error: nothing was run: \(Replay.needsKernel)\n")
    }

    /// The cases of the repository pass.
    @Test func shippedCasesPass() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let run = try Tool.run(["replay", root + "/Seeds", root + "/Crashes"])
        #expect(run.status == 0 && run.lastLine.contains(" 0 failed, 0 known, "), "\(run.output)")
    }

    /// A malformed pass is refused before any patcher runs: no patcher has passed, and no finding is reported.
    @Test func malformedPassesAreNotRun() throws {
        let folder = try Tool.Folder()
        let file = try folder.write(Self.malformed, to: "malformed.case")
        let run = try Tool.run(["replay", file])
        #expect(run.status == 0 && run.replayCounts == Self.counts(0, 0, 0, 1), "\(run.output)\(run.errors)")
        #expect(run.output.contains("not run: 1: \(SkipReason.malformed)\n"))
        let wrong = try folder.write(Self.malformed.replacing("EINVAL", with: "ERANGE"), to: "wrong.case")
        let failed = try Tool.run(["replay", wrong])
        #expect(failed.status == 77 && failed.output.contains("ERANGE") && failed.output.contains("EINVAL"))
    }

    /// Known buckets fail without counting; other buckets count.
    @Test func knownBucketsDoNotCount() throws {
        let folder = try Tool.Folder()
        let crashes = folder.path + "/crashes"
        let found = try Tool.run([
            "run", "--seed", "3", "--cases", "3000", "--patcher", "planted-back-jump", "--crashes", crashes,
        ])
        #expect(found.status == 77)
        let count = try FileManager.default.contentsOfDirectory(atPath: crashes).count
        let list = try folder.write("planted-back-jump/*  # all of them\n", to: "known.txt")
        let run = try Tool.run(["replay", crashes, "--known", list])
        #expect(run.status == 0 && run.replayCounts == Self.counts(0, 0, count, 0), "\(run.output)")
        #expect(run.output.contains("known \(crashes)/planted-back-jump--"))
        let part = try folder.write("planted-back-jump/*/may-goto-*\n", to: "part.txt")
        #expect(try Tool.run(["replay", crashes, "--known", part]).status == 77)
        let gone = try Tool.run(["replay", crashes, "--known", folder.path + "/none.txt"])
        #expect(gone.status == 1 && gone.errors.contains("none.txt"))
        let json = try Tool.run(["replay", crashes, "--known", list, "--json"])
        let report = try json.report()
        #expect(json.status == 0 && json.output.split(separator: "\n").count == 1)
        #expect(report["known"] as? Int == count && report["failed"] as? Int == 0)
        let failures = report["failures"] as? [[String: Any]] ?? []
        #expect(failures.count == count && failures.allSatisfy { $0["known"] as? Bool == true })
    }

    /// A target that ran no case has passed none. It is named with the counted reasons.
    @Test func summaryDistinguishesTargets() throws {
        let item = CaseSource.Item(place: "a.case", content: .success(Case(program: .init(insns: []), passes: [])))
        var summary = ReplaySummary(targets: ["able", "poor"], known: KnownBuckets())
        for reason in ["cannot do delete", "cannot do delete", "cannot do range"] {
            var verdict = ReplayVerdict(.passed)
            verdict.ran = ["able"]
            verdict.notRun = ["poor": reason]
            #expect(summary.add(verdict, of: item).isEmpty)
        }
        #expect(ReplayCounts(summary.lastLine) == Self.counts(3, 0, 0, 0))
        #expect(summary.idle.count == 1 && summary.idle[0].hasPrefix("poor "), "\(summary.idle)")
        #expect(summary.idle[0].hasSuffix(": cannot do delete (2); cannot do range (1)"), "\(summary.idle)")
        var alone = ReplaySummary(targets: ["poor"], known: KnownBuckets())
        for _ in 0..<105 {
            var verdict = ReplayVerdict(.notRun("poor cannot do delete"))
            verdict.notRun = ["poor": "cannot do delete"]
            #expect(alone.add(verdict, of: item).isEmpty)
        }
        #expect(
            alone.lines == ["not run: 105: poor cannot do delete"]
                && ReplayCounts(alone.lastLine) == Self.counts(0, 0, 0, 105))
        #expect(alone.idle.count == 1 && alone.idle[0].hasSuffix(": cannot do delete (105)"), "\(alone.idle)")
    }

    /// A case that no target ran is counted once, by its reason. The others ran on some target.
    @Test func reasonsAreCountedOnce() {
        let item = CaseSource.Item(place: "a.case", content: .success(Case(program: .init(insns: []), passes: [])))
        var summary = ReplaySummary(targets: ["able", "poor"], known: KnownBuckets())
        for given in [true, true, false] {
            var verdict = ReplayVerdict(given ? .passed : .notRun("poor cannot do delete"))
            verdict.ran = given ? ["able"] : []
            verdict.notRun = ["poor": "cannot do delete"]
            _ = summary.add(verdict, of: item)
        }
        var run = ReplayVerdict(.passed)
        run.ran = ["able", "poor"]
        _ = summary.add(run, of: item)
        #expect(
            summary.lines == [
                "not run: 1: poor cannot do delete",
                "not run by poor: 2 of the cases that were run: poor cannot do delete",
            ])
        #expect(summary.targets.first { $0.name == "poor" }?.notRun == [.init(count: 3, reason: "cannot do delete")])
        #expect(ReplayCounts(summary.lastLine) == Self.counts(3, 0, 0, 1))
    }
}
