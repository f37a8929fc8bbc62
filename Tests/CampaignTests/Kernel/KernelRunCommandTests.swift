import Foundation
import Fuzzing
import KernelRewrites
import LinuxBPF
import TestSupport
import Testing

@testable import Campaign

/// `kernel run` from outside: its output, its files and its exit status.
@Suite(.serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct KernelRunCommandTests {
    private static let seed = "7"

    private static func findings(_ report: [String: Any]) -> [[String: Any]] {
        report["findings"] as? [[String: Any]] ?? []
    }

    private static func run(_ arguments: [String]) throws -> Tool.Outcome {
        try Tool.run(["kernel", "run", "--seed", seed, "--json"] + arguments)
    }

    @Test func runReportsItself() throws {
        let folder = try Tool.Folder()
        let run = try Self.run(["--cases", "300", "--profile", "division", "--crashes", folder.path])
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(run.output.hasPrefix("seed 7\n") && run.output.contains("\nrepeat with: /"))
        #expect(run.output.contains("/bpf-patch-fuzz kernel run --seed 7 --cases 300 --jobs 1 --profile division"))
        #expect(run.output.contains(" loads, ") && run.output.contains("\nsigned-modulo "))
        #expect(run.output.contains("0 places not understood\n"))
        let report = try run.report()
        var name = utsname()
        _ = unsafe uname(&name)
        let release = unsafe withUnsafeBytes(of: &name.release) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        #expect(report["kernel"] as? String == release)
        #expect(report["cases"] as? Int == 300 && report["loads"] as? Int == 300)
        let accepted = try #require(report["accepted"] as? Int)
        #expect(accepted > 285)
        #expect(report["loads_per_second"] as? Double ?? 0 > 0 && report["not_understood"] as? Int == 0)
        let refused = report["refused"] as? [[String: Any]] ?? []
        #expect(refused.reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == 300 - accepted)
        let coverage = report["coverage"] as? [[String: Any]] ?? []
        for rewrite in ["division", "modulo", "signed-division", "signed-modulo"] {
            let all = coverage.first {
                $0["rewrite"] as? String == rewrite && $0["border"] as? String == "none"
                    && $0["jump"] as? String == "none"
            }
            #expect(all?["count"] as? Int ?? 0 > 10, "\(rewrite)")
        }
        #expect((report["never_seen"] as? [String])?.isEmpty == true && report["left_out"] as? [Any] != nil)
        #expect(report["helpers"] as? [Any] != nil && report["kernel_functions"] as? [Any] != nil)
        #expect((report["missing_features"] as? [Any])?.isEmpty == true, "\(report["missing_features"] ?? "")")
        #expect(Self.findings(report).isEmpty)
        #expect(try folder.texts().isEmpty)
    }

    /// Profiles that the kernel does not support are named at the start.
    @Test func leftOutProfilesAreNamed() throws {
        let folder = try Tool.Folder()
        let run = try Self.run([
            "--cases", "10", "--profile", "blinding", "--profile", "jumps", "--crashes", folder.path,
        ])
        let leftOut = try run.report()["left_out"] as? [[String: Any]] ?? []
        for profile in leftOut {
            let name = try #require(profile["profile"] as? String)
            let lacks = try #require(profile["lacks"] as? [String])
            let reason = lacks == ["jit-harden"] ? "net.core.bpf_jit_harden is not 2" : "the kernel lacks "
            #expect(run.errors.contains("left out: \(name): \(reason)"), "\(run.errors)")
        }
        if !leftOut.isEmpty {
            let alone = try Self.run(["--cases", "10", "--profile", "blinding", "--crashes", folder.path])
            #expect(alone.status == 1 && alone.errors.hasPrefix("error: this kernel supports no profile: blinding: "))
        }
    }

    /// Faults that are made up are found in their bucket, minimized, stored with a C program, and seen again by replay
    /// only where they are made up again.
    @Test(arguments: [
        ("back-jump", "may-goto", "kernel/wrong-landing/"), ("subprogram-start", "subprogs", "kernel/subprogram/"),
        ("line-dropped", "division", "kernel/line/"),
        ("strange", "division", "kernel/not-understood/"),
    ]) func plantedFaultsAreFound(_ plant: String, profile: String, prefix: String) throws {
        let folder = try Tool.Folder()
        let run = try Self.run(["--cases", "5", "--plant", plant, "--profile", profile, "--crashes", folder.path])
        // Code that is not understood is neither right nor wrong.
        #expect(run.status == (plant == "strange" ? 1 : 77), "\(run.errors)")
        let findings = Self.findings(try run.report())
        let finding = try #require(findings.first { ($0["bucket"] as? String)?.hasPrefix(prefix) == true })
        let file = try #require(finding["file"] as? String)
        #expect(finding["insns"] as? Int ?? 99 <= 20, "\(finding)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("\ntarget: kernel\n") && text.contains("\nkernel: ") && text.contains("\nseen: "))
        let program = String(file.dropLast(4)) + "c"
        #expect(try String(contentsOfFile: program, encoding: .utf8).contains("static struct bpf_insn insns[] = {"))
        let c = try CaseFile.parse(text, file: file)
        let seen = try #require(c.loading?.seen)
        if plant != "strange" {
            // The injected fault differs from the correct value, and the C program finds the kernel correct.
            #expect(c.loading?.must.map { $0.isSame(as: seen) } == false, "\(text)")
            let shows = folder.path + "/shows"
            let compiler = try Tool.run(["-o", shows, program, "-lbpf"], program: URL(fileURLWithPath: "/usr/bin/cc"))
            #expect(compiler.status == 0, "\(compiler.errors)")
            let shown = try Tool.run([], program: URL(fileURLWithPath: shows))
            #expect(shown.status == 0 && shown.lastLine == "not shown", "\(shown)")
            #expect(shown.output.contains("\nthe result is correct\n"), "\(shown)")
            let picture = try Tool.run(["show", file]).output
            #expect(picture.contains("\n  \(KernelHeadline(c).text)\n") || picture.contains(" must "), "\(picture)")
            #expect(picture.contains("the kernel gives") && picture.contains("✗ "), "\(picture)")
        }
        let sound = try Tool.run(["kernel", "replay", file])
        #expect(sound.status == 0 && sound.output.hasPrefix("passed \(file): "), "\(sound.output)")
        #expect(sound.output.contains(": not shown; found with this kernel, "))
        let spoiled = try Tool.run(["replay", "--kernel", "--plant", plant, file])
        #expect(spoiled.status == 77 && spoiled.output.hasPrefix("FAILED \(file): \(prefix)"), "\(spoiled.output)")
        // Another finding than that of the case is a failure.
        let bucket = try #require(finding["bucket"] as? String)
        let stranger = try folder.write(
            text.replacing("bucket: \(bucket)\n", with: "bucket: kernel/none\n"), to: "other.case")
        let other = try Tool.run(["kernel", "replay", "--plant", plant, stranger])
        #expect(
            other.status == 77 && other.lastLine == "0 passed, 1 failed, 0 known, 0 not run, 0 not readable",
            "\(other.output)")
        #expect(other.output.contains("FAILED \(stranger): \(bucket): "), "\(other.output)")
        #expect(try Tool.run(["show", file]).status == 0)
        let smaller = folder.path + "/smaller"
        let minimize = try Tool.run(["minimize", "--plant", plant, file, "-o", smaller])
        #expect(minimize.status == 0, "\(minimize.errors)")
        #expect(try String(contentsOfFile: smaller, encoding: .utf8).contains("\nseen: "))
        #expect(try Tool.run(["minimize", file]).errors.contains("the case has no finding"))
    }

    /// A fault that shows in runs is minimized and shown again with `--execute`, and needs that option elsewhere.
    @Test func valuesAreFoundAndShownAgain() throws {
        let folder = try Tool.Folder()
        let words = ["--execute", "--plant", "value", "--profile", "division"]
        let run = try Self.run(["--cases", "40", "--crashes", folder.path] + words)
        #expect(run.status == 77, "\(run.errors)")
        let finding = try #require(
            Self.findings(try run.report()).first {
                ($0["bucket"] as? String)?.hasPrefix("kernel/execution/") == true
                    && ($0["bucket"] as? String)?.contains("upper-half") == false
            })
        let file = try #require(finding["file"] as? String)
        let index = try #require(finding["index"] as? Int)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("\nrunnable: yes\nprofiles: division\nseen: value 0x"), "\(text)")
        #expect(text.contains("\nmust: value 0x"), "\(text)")
        #expect(text.contains(" with flags 0x4\n") && text.contains(" with flags 0x0\n"), "\(text)")
        #expect(text.contains("\ndetail: the program must return 0x"), "\(text)")
        #expect(finding["insns"] as? Int ?? 99 <= 8, "\(finding)")
        let shown = try Tool.run(["kernel", "replay", "--execute", "--plant", "value", file])
        #expect(shown.status == 77 && shown.output.hasPrefix("FAILED "), "\(shown.output)")
        let sound = try Tool.run(["kernel", "replay", "--execute", file])
        #expect(sound.status == 0 && sound.lastLine.hasPrefix("1 passed, 0 failed"), "\(sound.output)")
        let loaded = try Tool.run(["kernel", "replay", file])
        #expect(
            loaded.status == 1 && loaded.output.contains("it shows only when its program is run"), "\(loaded.output)")
        let picture = try Tool.run(["show", file]).output
        #expect(picture.contains("  the program must return 0x") && picture.contains(", returns 0x"), "\(picture)")
        let alone = try Tool.run(["minimize", file])
        #expect(alone.status == 1 && alone.errors.contains("add --execute"), "\(alone.errors)")
        let smaller = try Tool.run(["minimize", "--execute", "--plant", "value", file])
        #expect(smaller.status == 0 && smaller.output.contains("\nseen: value "), "\(smaller.errors)")
        // One case of the seed is run as the campaign runs it.
        let single = try Tool.run(["kernel", "run", "--seed", Self.seed, "--index", "\(index)"] + words)
        #expect(single.status == 77 && single.output.contains("\nbucket: kernel/execution/"), "\(single.output)")
        let calm = try Tool.run(["kernel", "run", "--seed", Self.seed, "--index", "\(index)", "--profile", "division"])
        #expect(calm.status == 0, "\(calm.output)")
    }

    /// A finding without time for minimizing has the observed value and the correct one.
    @Test func findingsSayWhatWasSeen() throws {
        let fuzzTarget = KernelTarget([.mayGoto], injectedFault: .backJump, facts: try RunningKernel().facts)
        let triage = fuzzTarget.makeTriage(seed: 7, bases: [], host: Tool.host)
        var found: (c: Case, finding: Finding)?
        for index in UInt64(0)..<20 where found == nil {
            let c = triage.makeCase(index: index)
            guard let finding = triage.findings(of: c).first(where: { $0.rule == .wrongLanding }) else { continue }
            found = (c, finding)
        }
        let (original, finding) = try #require(found)
        triage.isLate = { true }
        let c = triage.completed(original, bucket: finding.bucket)
        let seen = try #require(c.loading?.seen)
        #expect(c.loading?.must.map { $0.isSame(as: seen) } == false && !c.passes.isEmpty)
        #expect(c.detail == KernelHeadline(c).text && c.origin == original.origin && c.bucket == finding.bucket)
    }

    /// A program of fifty thousand slots is minimized after the small ones that came after it.
    @Test func longProgramsWait() throws {
        let folder = try Tool.Folder()
        let target = KernelTarget([.far, .jumps], facts: try RunningKernel().facts)
        let configuration = CampaignConfiguration(
            target: .kernel(target), cases: .init(seed: 7), output: folder.path)
        let store = BucketStore(configuration: configuration, bases: [], host: Tool.host, keepsEarlier: false)
        let indices = Array(UInt64(0)..<40)
        let long = indices.filter { store.triage.isLong(index: $0) }
        let short = try #require(indices.first { !long.contains($0) })
        let buckets = ["kernel/line/record/one", "kernel/line/record/two", "kernel/line/record/three"]
        try #require(long.count >= 2)
        store.insert(buckets[0], .init(lowest: long[0], hits: 1))
        store.insert(buckets[1], .init(lowest: long[1], hits: 1))
        store.insert(buckets[2], .init(lowest: short, hits: 1))
        // The first may be at work.
        #expect(store.queue == [buckets[0], buckets[2], buckets[1]])
    }

    /// A stored case has the sentence that a replay has, so that `show` says the same.
    ///
    /// Those are replayed that make no kernel warn.
    @Test(arguments: ["call-backward--none", "pseudo-func-forward--delete"])
    func storedCaseHasTheSentenceOfReplay(_ name: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appendingPathComponent("Crashes/kernel--wrong-landing--\(name).case").path
        let c = try CaseFile.parse(try String(contentsOfFile: file, encoding: .utf8), file: file)
        let sentence = try #require(c.sentence)
        #expect(try Tool.run(["show", file]).output.contains(sentence))
        let run = try Tool.run(["kernel", "replay", "--json", file])
        let failures = try run.report()["failures"] as? [[String: Any]] ?? []
        // A kernel that is mended has none.
        for failure in failures { #expect(failure["sentence"] as? String == sentence, "\(failure)") }
        let words = try Tool.run(["kernel", "replay", file]).output
        #expect(
            failures.isEmpty || !words.contains("it was found with \(c.loading?.release ?? "")")
                || !words.contains("this kernel is \(c.loading?.release ?? "")"))
    }

    /// The risk of loads is printed before the first one.
    @Test func loadsAreAnnounced() throws {
        let folder = try Tool.Folder()
        let run = try Self.run(["--cases", "3", "--profile", "jumps", "--crashes", folder.path])
        #expect(run.errors.contains("a kernel with a fault may warn, become tainted or crash"), "\(run.errors)")
        let help = try Tool.run(["kernel", "run", "--help"]).output.split(whereSeparator: \.isWhitespace)
        #expect(help.joined(separator: " ").contains("may warn, become tainted or crash"))
    }

    /// A finding that the next load does not show is not given out as one that does.
    @Test func findingThatIsNotShownAgainSaysSo() throws {
        let folder = try Tool.Folder()
        let run = try Self.run([
            "--cases", "5", "--plant", "once", "--profile", "may-goto", "--crashes", folder.path,
        ])
        #expect(run.status == 77, "\(run.errors)")
        let texts = try folder.texts().filter { $0.key.hasPrefix("kernel--wrong-landing") && $0.key.hasSuffix(".case") }
        #expect(!texts.isEmpty)
        for text in texts.values { #expect(text.contains("name: \(KernelTriage.notAgain)\n"), "\(text)") }
    }

    /// A lack of descriptors is no fault of a program and no lack of the kernel, and ends a campaign with the reason.
    ///
    /// The fewer there are, the earlier it ends: while the kernel is probed, a worker is started, or a case is run.
    @Test(arguments: 7...20) func lackOfDescriptorsIsAnError(limit: Int) throws {
        let folder = try Tool.Folder()
        let words = """
            for file in /proc/self/fd/*; do
                case ${file##*/} in 0 | 1 | 2) ;; *) eval "exec ${file##*/}>&-" ;; esac
            done
            ulimit -n \(limit)
            exec "$0" kernel run --seed 3 --cases 200 --crashes "$1"
            """
        let run = try Tool.run(
            ["-c", words, Tool.executable.path, folder.path], program: URL(fileURLWithPath: "/bin/bash"))
        #expect(run.status == 1, "\(run.output)")
        #expect(run.errors.contains(": Too many open files"), "\(run.errors)")
        if try RunningKernel().facts.features.contains(.gotol) {
            #expect(!run.errors.contains("the kernel lacks gotol"), "\(run.errors)")
        }
    }

    /// A named file that is missing is an error, after the rest was done.
    @Test(arguments: ["load", "stats"]) func missingObjectsAreErrors(_ command: String) throws {
        let alone = try Tool.run(["kernel", command, "/no/such.o"])
        #expect(alone.status == 1 && alone.errors.contains("/no/such.o: no such file or folder"), "\(alone.errors)")
        let installed = ["", "_5.3"].map { "/usr/lib/x86_64-linux-gnu/bpf/xsk_def_xdp_prog\($0).o" }
        if !installed.allSatisfy(FileManager.default.fileExists) { return }
        let run = try Tool.run(["kernel", command, "/no/such.o"] + installed)
        #expect(run.status == 1 && run.output.contains(" programs, "), "\(run.output)")
        #expect(run.errors.contains("error: /no/such.o: no such file or folder\n"), "\(run.errors)")
        #expect(!run.output.contains("such.o") && !run.errors.contains("skipped: /no"))
        #expect(try Tool.run(["kernel", command] + installed).status == 0)
    }

    /// The number of workers changes neither the counters nor the findings.
    @Test func findingsDoNotDependOnJobs() throws {
        var reports: [String] = []
        for jobs in ["1", "2", "3"] {
            let folder = try Tool.Folder()
            let run = try Self.run([
                "--cases", "400", "--jobs", jobs, "--plant", "line-dropped", "--profile", "helpers", "--crashes",
                folder.path,
            ])
            #expect(run.status == 77, "\(run.errors)")
            let report = try run.report()
            let findings = Self.findings(report).map {
                "\($0["bucket"] ?? "") \($0["index"] ?? "") \($0["sightings"] ?? "")"
            }
            let counts = ["cases", "loads", "accepted", "not_understood"].map { "\(report[$0] ?? "")" }
            let coverage = (report["coverage"] as? [[String: Any]] ?? []).map {
                "\($0["rewrite"] ?? "") \($0["border"] ?? "") \($0["jump"] ?? "") \($0["count"] ?? "")"
            }
            reports.append((findings + counts + coverage).joined(separator: "\n"))
        }
        #expect(reports[0].contains("kernel/line/") && reports[0] == reports[1] && reports[0] == reports[2])
    }

    /// A load that ends the process, or does not end, is a finding that is stored as it was seen and not tried again.
    @Test(arguments: [("crash", "kernel/crash/sigsegv/none"), ("hang", "kernel/hang/none/none")])
    func deadlyLoadsAreFindings(_ plant: String, bucket: String) throws {
        let folder = try Tool.Folder()
        let run = try Self.run([
            "--cases", "256", "--jobs", "2", "--plant", plant, "--profile", "jumps", "--crashes", folder.path,
        ])
        #expect(run.status == 77, "\(run.errors)")
        let report = try run.report()
        let findings = Self.findings(report)
        #expect(findings.map { $0["bucket"] as? String } == [bucket])
        let hits = try #require(findings.first?["sightings"] as? Int)
        // What ended a process is not loaded when its block is run again.
        let deaths = (report["deaths"] as? [[String: Any]])?.first
        let leftOut = try #require(deaths?["left_out"] as? Int)
        #expect(report["cases"] as? Int == 256 - leftOut && report["loads"] as? Int == 256 - hits - leftOut)
        let file = try #require(findings.first?["file"] as? String)
        #expect(
            try String(contentsOfFile: file, encoding: .utf8).contains(
                "name: as it was seen; it has not been run again"))
        let replay = try Tool.run(["kernel", "replay", file, "--plant", plant])
        #expect(replay.status == 1 && replay.lastLine == "0 passed, 0 failed, 0 known, 1 not run, 0 not readable")
        #expect(replay.output.contains("not run: 1: its load may crash the machine"))
    }
}

/// `kernel run` and `replay` for a user who may not load programs.
@Suite struct UnprivilegedKernelTests {
    /// Runs the tool as a user without capabilities.
    private static func run(_ arguments: [String]) throws -> Tool.Outcome {
        getuid() == 0
            ? try Tool.run(
                ["--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", Tool.executable.path]
                    + arguments,
                program: URL(fileURLWithPath: "/usr/bin/setpriv"))
            : try Tool.run(arguments)
    }

    private static var canTry: Bool {
        getuid() == 0 ? FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv") : !LoadingRight.isThere
    }

    @Test(.enabled(if: canTry, "no other user to run as")) func lackOfRightsIsOneLine() throws {
        let run = try Self.run(["kernel", "run", "--cases", "1", "--crashes", "/tmp"])
        #expect(run.status == 1 && run.output.isEmpty)
        #expect(run.errors.hasPrefix("error: ") && run.errors.contains("CAP_BPF"))
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }

    /// A kernel that cannot be used has shown nothing, and a message says so.
    @Test(.enabled(if: canTry, "no other user to run as")) func replayIsNotRun() throws {
        let folder = try Tool.Folder()
        let file = try folder.write("target: kernel\ntype: xdp\nprogram\nr0 = 1\nexit\n", to: "one.case")
        let run = try Self.run(["kernel", "replay", file])
        #expect(run.status == 1 && run.lastLine == "0 passed, 0 failed, 0 known, 1 not run, 0 not readable")
        #expect(
            run.output.contains("not run: 1: the running kernel cannot be used: ") && run.output.contains("CAP_BPF"))
    }

    /// A named kernel that cannot be used is no clean end, even if all patchers passed.
    @Test(.enabled(if: canTry, "no other user to run as")) func kernelThatIsGivenNothingIsNamed() throws {
        let folder = try Tool.Folder()
        _ = try folder.write("target: kernel\ntype: xdp\nprogram\nr0 = 1\nexit\n", to: "kernel.case")
        _ = try folder.write("program\ngoto L2\nr1 = 1\nL2: exit\n\npass\n  delete 1\n", to: "edit.case")
        let run = try Self.run(["replay", "--kernel", folder.path])
        #expect(run.status == 1 && run.lastLine == "1 passed, 0 failed, 0 known, 1 not run, 0 not readable", "\(run)")
        #expect(run.errors.contains("error: kernel ran no case: the running kernel cannot be used"), "\(run)")
        let json = try Self.run(["replay", "--kernel", "--json", folder.path])
        let targets = try json.report()["targets"] as? [[String: Any]] ?? []
        #expect(targets.last?["name"] as? String == "kernel" && targets.last?["run"] as? Int == 0, "\(json)")
    }
}
