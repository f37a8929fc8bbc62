import Foundation
import Testing

/// The option `run --workload`.
@Suite struct WorkloadRunTests {
    private static let seed = "7"

    @Test(arguments: [["verifier"], ["zext", "blinding"], ["all"]])
    func cleanRunReportsItself(_ workloads: [String]) throws {
        let folder = try Tool.Folder()
        let run = try Tool.run(
            ["run", "--seed", Self.seed, "--cases", "250", "--json", "--crashes", folder.path] + Tool.patiently
                + workloads.flatMap { ["--workload", $0] })
        #expect(run.status == 0, "\(run.errors)")
        // In the order of the list of workloads, not of the arguments.
        let words = workloads.sorted().map { " --workload \($0)" }.joined()
        #expect(run.output.contains("--jobs 1\(words) --timeout 600.0 --crashes"), "\(run.output)")
        let report = try run.report()
        #expect(report["cases"] as? Int == 250 && (report["findings"] as? [Any])?.isEmpty == true)
    }

    private func runPlanted(_ workload: String, jobs: String, into folder: Tool.Folder) throws -> Int32 {
        try Tool.run([
            "run", "--seed", Self.seed, "--cases", "250", "--jobs", jobs, "--workload", workload,
            "--timeout", "600", "--crashes", folder.path, "--patcher", "planted-lost-aux", "--patcher",
            "planted-back-jump",
        ]).status
    }

    /// Both planted patchers have correct results if all edits delete one slot.
    @Test func workersUseTheWorkload() throws {
        let folder = try Tool.Folder()
        #expect(try runPlanted("nops", jobs: "1", into: folder) == 0)
    }

    /// The case in the file of a finding has the edits of the workload.
    @Test func findingsHaveTheEditsOfTheWorkload() throws {
        var files: [[String: String]] = []
        for jobs in ["1", "2"] {
            let folder = try Tool.Folder()
            #expect(try runPlanted("zext", jobs: jobs, into: folder) == 77)
            files.append(try folder.texts())
        }
        #expect(!files[0].isEmpty && files[0] == files[1])
        for (name, text) in files[0] { #expect(!text.contains("not seen with zeros"), "\(name)") }
    }

    @Test func unknownWorkloadGetsTheList() throws {
        let run = try Tool.run(["run", "--workload", "blindign"])
        #expect(run.status == 64)
        for name in ["blindign", "blinding", "ctx-access", "may-goto", "verifier", "all"] {
            #expect(run.errors.contains(name))
        }
    }
}
