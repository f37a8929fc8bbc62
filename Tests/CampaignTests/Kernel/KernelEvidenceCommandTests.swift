import BPF
import Foundation
import Fuzzing
import LinuxBPF
import TestSupport
import Testing

@testable import Campaign

/// Refusals, probes and the kernel's log in `kernel run`, with injected faults.
@Suite(.serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct KernelEvidenceCommandTests {
    private static func run(_ arguments: [String], in folder: Tool.Folder) throws -> Tool.Outcome {
        try Tool.run(["kernel", "run", "--seed", "7", "--json", "--crashes", folder.path] + arguments)
    }

    private static func buckets(_ run: Tool.Outcome) throws -> [String] {
        (try run.report()["findings"] as? [[String: Any]] ?? []).compactMap { $0["bucket"] as? String }
    }

    /// Each fault is found in its bucket, with a case that shows it again while the fault is there.
    @Test(arguments: [
        ("refusal", "kernel/error/accepted-became-einval/rn-type-planted-expected-none"),
        ("known-refusal", "kernel/error/verifier-bug-unexplained/no-program-to-jit-at-insn"),
        ("complexity", "kernel/error/accepted-became-e2big/bpf-program-is-too-large-processed-insn"),
    ]) func refusalsAreFindings(_ plant: String, bucket: String) throws {
        let folder = try Tool.Folder()
        let run = try Self.run(["--cases", "256", "--plant", plant, "--profile", "division"], in: folder)
        #expect(run.status == 77, "\(run.output)\(run.errors)")
        #expect(try Self.buckets(run) == [bucket])
        let file = folder.path + "/" + bucket.replacingOccurrences(of: "/", with: "--") + ".case"
        let again = try Tool.run(["kernel", "replay", "--plant", plant, file])
        #expect(again.status == 77 && again.output.hasPrefix("FAILED \(file)"), "\(again.output)")
        #expect(again.output.contains(": \(bucket): "), "\(again.output)")
        let sound = try Tool.run(["kernel", "replay", file])
        #expect(sound.status == 0, "\(sound.output)")
        // A known list with the exact words of the known fault does not hide it.
        let known = try folder.write("kernel/error/verifier-bug/no-program-to-jit-at-insn\n", to: "known.txt")
        let hidden = try Self.run(
            ["--cases", "128", "--plant", plant, "--profile", "division", "--known", known], in: folder)
        #expect(hidden.status == (plant == "complexity" ? hidden.status : 77), "\(hidden.output)")
    }

    /// A warning in the log belongs to the program that was being loaded.
    @Test(.enabled(if: KernelLog().failure == nil && FileManager.default.isWritableFile(atPath: "/dev/kmsg")))
    func warningsAreFindings() throws {
        let folder = try Tool.Folder()
        let run = try Self.run(["--cases", "256", "--plant", "warning", "--profile", "division"], in: folder)
        #expect(run.status == 77, "\(run.output)\(run.errors)")
        #expect(try Self.buckets(run) == ["kernel/kernel-log/warning/bpf-planted-warning"])
        let findings = try run.report()["findings"] as? [[String: Any]] ?? []
        #expect((findings.first?["detail"] as? String)?.contains("kernel/bpf/core.c:1") == true)
        #expect(findings.first?["sightings"] as? Int ?? 0 >= 1)
        #expect(try Self.run(["--cases", "64", "--profile", "division"], in: Tool.Folder()).status == 0)
    }

    /// A probe that shows a bug of the verifier is a finding, and its profile is missed.
    @Test func faultyProbeIsAFinding() throws {
        let folder = try Tool.Folder()
        let run = try Self.run(
            ["--cases", "20", "--plant", "probe-bug", "--profile", "loop", "--profile", "jumps"], in: folder)
        #expect(run.status == 77, "\(run.output)\(run.errors)")
        #expect(try Self.buckets(run) == ["kernel/error/verifier-bug/planted-in-a-probe"])
        let missing = try run.report()["missing_features"] as? [[String: Any]] ?? []
        #expect(missing.first?["feature"] as? String == "loop" && missing.first?["error"] as? String == "EFAULT")
        let known = try folder.write("kernel/error/verifier-bug/planted-in-a-probe\n", to: "known.txt")
        let rest = try Self.run(
            [
                "--cases", "20", "--plant", "probe-bug", "--profile", "loop", "--profile", "jumps", "--known", known,
            ], in: folder)
        #expect(rest.status == 1 && rest.errors.contains("does not show loop"), "\(rest.errors)")
    }

    /// A profile that the release supports and that is left out is no clean end.
    @Test func refusedProbeMakesTheEndOne() throws {
        let folder = try Tool.Folder()
        let words = ["--cases", "20", "--plant", "probe-refusal", "--profile", "jumps"]
        let run = try Self.run(words + ["--profile", "loop"], in: folder)
        #expect(run.status == 1, "\(run.output)\(run.errors)")
        #expect(
            run.errors.contains(
                "which Linux has since 5.17, so loop is left out or incomplete: the probe is refused with EINVAL: planted in a"
            ), "\(run.errors)")
        #expect(try Self.run(words, in: folder).status == 0)
        let alone = try Self.run(["--cases", "9", "--plant", "probe-refusal", "--profile", "loop"], in: folder)
        #expect(alone.status == 1 && alone.errors.contains("error: this kernel supports no profile: Linux "))
    }

    /// Code that is not understood is no pass, unless it is known or allowed.
    @Test func codeThatIsNotUnderstoodIsNoPass() throws {
        let folder = try Tool.Folder()
        let words = ["--cases", "5", "--plant", "strange", "--profile", "division"]
        let run = try Self.run(words, in: folder)
        #expect(run.status == 1, "\(run.output)")
        #expect(run.errors.contains(CampaignReport.unexplainedWords), "\(run.errors)")
        #expect(try Self.run(words + ["--allow-unexplained"], in: folder).status == 0)
        let known = try folder.write("kernel/not-understood/*\n", to: "known.txt")
        #expect(try Self.run(words + ["--known", known], in: folder).status == 0)
        let single = try Tool.run(["kernel", "run", "--seed", "7", "--index", "0"] + words.dropFirst(2))
        #expect(single.status == 1 && single.errors.contains(CampaignReport.unexplainedWords), "\(single.errors)")
    }

    /// Each program is in the load log before it is loaded, and can be made again from it without a kernel.
    @Test func loadLogMakesCasesAgain() throws {
        let folder = try Tool.Folder()
        let log = folder.path + "/loads"
        let run = try Tool.run(
            [
                "-c",
                "\(LoadLog.variable)=\(log) exec \(Tool.executable.path) kernel run --seed 7 --cases 40 --profile gotol "
                    + "--crashes \(folder.path)",
            ], program: URL(fileURLWithPath: "/bin/sh"))
        #expect(run.status == 0, "\(run.errors)")
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.first?.hasPrefix("target {") == true)
        for index in 0..<40 { #expect(lines.contains("7 \(index)"), "\(index)") }
        let made = try Tool.run(["kernel", "run", "--loads", log, "--seed", "7", "--index", "39"])
        #expect(made.status == 0 && made.output.contains(", not loaded\n"), "\(made.output)\(made.errors)")
        let loaded = try Tool.run(["kernel", "run", "--profile", "gotol", "--seed", "7", "--index", "39"])
        func program(_ text: String) throws -> [Instruction] {
            try CaseFile.parse(text, file: "x").program.insns
        }
        #expect(try program(made.output) == program(loaded.output))
    }

    /// With `--execute`, nothing is left of the files of programs that ran.
    @Test func runningProgramsLeaveNoFile() throws {
        let folder = try Tool.Folder()
        let run = try Self.run(["--cases", "100", "--execute", "--profile", "division"], in: folder)
        #expect(run.status == 0 || run.status == 77, "\(run.errors)")
        #expect(try run.report()["executed"] as? Int ?? 0 > 10)
        let names = try folder.texts().keys
        #expect(!names.contains { $0.hasPrefix("running-") })
        _ = try folder.write("program\nexit\n", to: "running-2147483646.case")
        let next = try Self.run(["--cases", "5", "--profile", "jumps"], in: folder)
        #expect(next.errors.contains("running-2147483646.case: an earlier campaign ended while this program was run"))
    }
}
