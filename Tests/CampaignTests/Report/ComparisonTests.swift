import Foundation
import Fuzzing
import TestSupport
import Testing

@testable import Campaign

/// The difference between two sides, and the command `compare`.
@Suite struct ComparisonTests {
    private func finding(_ bucket: String) -> StoredFinding {
        StoredFinding(
            Case(program: .init(insns: [.init(code: 0x95)]), passes: []), bucket: bucket, file: "/nonexistent",
            seed: 1, index: 0, hits: 1)
    }

    private func compare(
        _ buckets: [String], fails: (StoredFinding, ComparisonReport.Role) -> Bool = { _, _ in false }
    ) -> ComparisonReport {
        let report = CampaignReport(
            seed: 1, cases: 100, seconds: 1, casesPerSecond: 100, jobs: 1, findings: buckets.map(finding))
        return ComparisonReport(report, base: .init(path: "a"), patched: .init(path: "b"), fails: fails)
    }

    @Test func findingsAreSeparated() {
        let found = compare([
            "base/hang/none/none", "patched/hang/none/none", "patched/layout/alu64/patch", "base/aux/alu64/patch",
        ])
        #expect(found.added.map(\.bucket) == ["patched/layout/alu64/patch"])
        #expect(found.removed.map(\.bucket) == ["base/aux/alu64/patch"])
        #expect(found.common.map(\.bucket) == ["patched/hang/none/none"])
        #expect(found.hasNews)
    }

    /// A bucket that random cases missed on one side is no difference if its case fails there.
    @Test func missedBucketIsRunOnTheOtherSide() {
        var asked: [String] = []
        let found = compare(["patched/layout/alu64/patch", "base/aux/alu64/patch"]) { finding, role in
            asked.append("\(finding.bucket) on \(role)")
            return true
        }
        #expect(asked.sorted() == ["base/aux/alu64/patch on patched", "patched/layout/alu64/patch on base"])
        #expect(found.added.isEmpty && found.removed.isEmpty && found.common.count == 2 && !found.hasNews)
    }

    @Test func onlyTheBaseIsNoNews() { #expect(!compare(["base/aux/alu64/patch"]).hasNews) }

    /// A finding against the harness belongs to no side, and must not be lost.
    @Test func findingAgainstTheHarnessIsAGap() {
        let found = compare(["oracle/layout/alu64/patch"])
        #expect(found.gaps.contains { $0.contains("oracle/layout/alu64/patch") } && !found.hasNews)
    }

    // MARK: The command

    /// Builds the example plug-in, with a change to its source.
    private func plugin(
        _ folder: Tool.Folder, _ name: String, _ old: String = "", _ new: String = ""
    ) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        var source = try String(contentsOfFile: root + "/Tests/Plugins/example.c", encoding: .utf8)
        if !old.isEmpty {
            try #require(source.contains(old))
            source = source.replacing(old, with: new)
        }
        let file = try folder.write(source, to: name + ".c")
        let library = "\(folder.path)/\(name).so"
        let build = try TestProcess.run([
            "/usr/bin/env", "cc", "-shared", "-fPIC", "-O1", "-I", root + "/Sources/CBPFPatcher/include", file, "-o",
            library,
        ])
        try #require(build.status == 0, "\(build.errors)")
        return library
    }

    private func compare(_ base: String, _ patched: String, in folder: Tool.Folder) throws -> Tool.Outcome {
        try Tool.run([
            "compare", base, patched, "--cases", "2000", "--jobs", "1", "--crashes", folder.path + "/crashes", "--json",
        ])
    }

    /// A plug-in has no difference to itself; a planted fault is one in PATCHED only, and in BASE it is no news.
    @Test func plantedFaultIsTheDifference() throws {
        let folder = try Tool.Folder()
        let good = try plugin(folder, "good")
        let bad = try plugin(folder, "bad", Self.correct, Self.faulty)
        let same = try compare(good, good, in: folder)
        #expect(same.status == 0, "\(same)")
        let report = try same.report()
        #expect((report["only_patched"] as? [Any])?.isEmpty == true && (report["only_base"] as? [Any])?.isEmpty == true)
        let sides = ["base", "patched"].map { (report[$0] as? [String: Any])?["cases_per_second"] as? Double ?? 0 }
        #expect(sides.allSatisfy { $0 > 0 }, "\(report)")

        let worse = try compare(good, bad, in: folder)
        #expect(worse.status == 77, "\(worse)")
        #expect((try worse.report()["only_patched"] as? [Any])?.isEmpty == false)
        let better = try compare(bad, good, in: folder)
        #expect(better.status == 0, "\(better)")
        #expect((try better.report()["only_base"] as? [Any])?.isEmpty == false)
        let both = try compare(bad, bad, in: folder)
        #expect(both.status == 0, "\(both)")
        #expect((try both.report()["both"] as? [Any])?.isEmpty == false)
    }

    /// The aux word of a patch belongs to its last instruction.
    private static let correct = "i == last ? in->aux[edit->off]"
    private static let faulty = "i == 0 ? in->aux[edit->off]"

    @Test func missingTreeIsAnError() throws {
        let folder = try Tool.Folder()
        let run = try compare("/nonexistent/tree", "/nonexistent/other", in: folder)
        #expect(run.status == 1 && run.errors.contains("/nonexistent/tree"), "\(run)")
        let bisect = try Tool.run(["compare", "--bisect", "/nonexistent/tree", "/nonexistent/other"])
        #expect(bisect.status == 128, "\(bisect)")
    }
}
