import Foundation
import Fuzzing
import KernelRewrites
import LinuxBPF
import TestSupport
import Testing

@testable import Campaign

/// Kernel cases are minimized by the choices of their generator.
@Suite(.serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct KernelMinimizeTests {
    private static func runs(_ report: [String: Any]) -> [String: Int] {
        let rows = report["reducers"] as? [[String: Any]] ?? []
        return Dictionary(
            uniqueKeysWithValues: rows.compactMap { row in
                (row["reducer"] as? String).flatMap { name in (row["runs"] as? Int).map { (name, $0) } }
            })
    }

    /// Findings of injected faults get small with few loads; their seeds and indices make their programs again, with
    /// the profiles of the campaign.
    @Test(arguments: [
        ("back-jump", "may-goto", "kernel/wrong-landing/"), ("subprogram-start", "subprogs", "kernel/subprogram/"),
        ("line-dropped", "division", "kernel/line/"),
    ]) func choicesAreMinimized(_ plant: String, profile: String, prefix: String) throws {
        let folder = try Tool.Folder()
        var count = 0
        for seed in 1...20 where count < 3 {
            let words = ["--plant", plant, "--profile", profile]
            let single = try Tool.run(["kernel", "run", "--seed", "\(seed)", "--index", "0"] + words)
            guard let c = try? CaseFile.parse(single.output, file: "seed \(seed)"), c.bucket?.hasPrefix(prefix) == true
            else { continue }
            count += 1
            #expect(c.loading?.profiles == [profile], "\(single.output)")
            let file = try folder.write(single.output, to: "\(seed).case")
            let small = folder.path + "/small.case"
            let minimized = try Tool.run(["minimize", "--plant", plant, "--json", file, "-o", small])
            let report = try minimized.report()
            let runs = Self.runs(report)
            #expect(runs["functions"] != nil && runs["spans"] != nil && runs["draws"] != nil, "seed \(seed): \(runs)")
            #expect(report["candidates"] as? Int ?? 999 <= 150, "seed \(seed): \(runs)")
            #expect(report["insns"] as? Int ?? 999 <= 20, "seed \(seed): \(runs)")
            // The minimized program has another origin than its seed and index.
            let again = try Tool.run(["minimize", "--plant", plant, "--json", small])
            #expect(Self.runs(try again.report())["functions"] == nil, "seed \(seed)")
        }
        #expect(count == 3)
    }
}
