import BPF
import Fuzzing
import Glibc
import KernelModel
import KernelRewrites
import LinuxBPF
import Testing

@testable import Campaign

/// Refusals, probes and the kernel's log as evidence.
@Suite struct RefusalVerdictTests {
    private static let simple = LoadableProgram(program: Program(statements: [["r0 = 0", "exit"]]))
    /// A program in which the first instruction of a subprogram with `may_goto` is a backward call.
    private static let backwardCall = LoadableProgram(
        program: Program(statements: [
            ["call +4", "r0 = 0", "exit"], ["r0 = 1", "exit"], ["call -3", "may_goto +0", "r0 = 0", "exit"],
        ]))

    private static func verdict(
        _ text: String, code: Int32 = EINVAL, _ program: LoadableProgram = simple
    ) -> RefusalVerdict {
        let live = program.program.insns.map { _ in true }
        return RefusalVerdict(LoadRefusal(code: code, text: text), of: program, live: live)
    }

    @Test func validProgramsThatAreRefusedAreFindings() throws {
        let finding = try #require(Self.verdict("R5 !read_ok", code: EACCES).finding)
        #expect(finding.bucket == "kernel/error/accepted-became-eacces/rn-read-ok")
        #expect(finding.sentence == "a valid program is refused with EACCES: rn read ok")
        #expect(Case.isRefusal(finding.bucket) && !Case.isRefusal("delta-array/error/accepted-became-einval/patch"))
        #expect(FindingGroups.make([]).isEmpty)
    }

    @Test(arguments: [
        "bpf verifier is misconfigured", "kernel subsystem misconfigured func bpf_x#1", "verifier internal error",
    ]) func otherWordsForAVerifierBug(_ text: String) throws {
        let finding = try #require(Self.verdict(text).finding)
        #expect(finding.bucket.hasPrefix("kernel/error/verifier-bug/"), "\(finding.bucket)")
    }

    /// Words of a known fault count as that fault only for a program that triggers it.
    @Test(arguments: [
        ("verifier bug: No program to jit at insn 7 (subprog < 0)", "no-program-to-jit-at-insn"),
        ("Bad address", "bad-address"),
    ]) func knownWordsAreNotEnough(_ text: String, words: String) throws {
        let known = try #require(Self.verdict(text, code: EFAULT, Self.backwardCall).finding)
        #expect(known.bucket == "kernel/error/verifier-bug/\(words)")
        let other = try #require(Self.verdict(text, code: EFAULT).finding)
        #expect(other.bucket == "kernel/error/verifier-bug-unexplained/\(words)")
        #expect(other.sentence.hasSuffix("no known fault predicts it for this program"))
        #expect(KnownFault.all.flatMap(\.buckets).contains { $0.bucket == known.bucket })
    }

    @Test func removedFunctionsPredictTheirRefusal() {
        let program = LoadableProgram(
            program: Program(statements: [["r1 = subprog +3 ll", "r0 = 0", "exit"], ["r0 = 1", "exit"]]))
        var live = program.program.insns.map { _ in true }
        let bucket = "kernel/error/verifier-bug/bad-address"
        #expect(RefusalPrediction(program, live: live).predicts(bucket) == false)
        live[4] = false
        live[5] = false
        #expect(RefusalPrediction(program, live: live).predicts(bucket) == true)
        #expect(RefusalPrediction(program, live: live).predicts("kernel/error/verifier-bug/other") == nil)
    }

    /// A range error is expected of a far program only.
    @Test func rangeErrorsNeedALongProgram() {
        let text = "insn 12 cannot be patched due to 16-bit range"
        #expect(Self.verdict(text, code: ENOMEM).finding != nil)
        let far = LoadableProgram(
            program: Program(
                insns: Array(repeating: Instruction(code: 0xb7), count: 32_000) + [Instruction(code: 0x95)]))
        guard case .predicted = Self.verdict(text, code: ENOMEM, far) else {
            Issue.record("not predicted")
            return
        }
    }

    /// A few programs are too complex for the verifier; many of one block are a finding.
    @Test func manyComplexProgramsAreAFinding() throws {
        guard
            case .tooComplex(let finding) = Self.verdict(
                "BPF program is too large. Processed 1000001 insn", code: E2BIG)
        else {
            Issue.record("not too complex")
            return
        }
        var counter = RefusalCounter()
        for _ in 1..<RefusalCounter.most { #expect(counter.add(finding) == nil) }
        #expect(counter.add(finding) == finding && counter.add(finding) == nil)
    }

    // MARK: Probes

    private static func facts(
        _ release: String, without missing: KernelFeature, _ answer: ProbeAnswer?
    ) -> KernelFacts {
        var facts = KernelFacts(
            release: release, features: Set(KernelFeature.allCases).subtracting([missing]),
            functions: Set(KernelFacts.knownFunctions))
        if let answer { facts.answers = [answer] }
        return facts
    }

    /// A release before a feature lacks it; a later one that refuses the probe is incomplete.
    @Test func featuresOfTheReleaseAreMissed() throws {
        let answer = ProbeAnswer(probe: "loop", code: EINVAL, line: "unknown func bpf_loop#181", isFault: false)
        let old = KernelTarget(facts: Self.facts("5.15.1", without: .loop, answer))
        #expect(old.missingFeatures.isEmpty)
        #expect(old.leftOut.map(\.profile) == ["loop"])
        let new = KernelTarget(facts: Self.facts("6.12.3", without: .loop, answer))
        #expect(
            new.missingFeatures.map(\.text) == [
                "Linux 6.12 does not show loop, which Linux has since 5.17, so loop is left out or incomplete: "
                    + "the probe is refused with EINVAL: unknown func bpf_loop#181"
            ])
        // A setting is no fault, nor is a feature that it disables.
        var unset = Self.facts("6.12.3", without: .jit, nil)
        unset.features.subtract([.loop, .pseudoFunction, .timer, .fastcall, .kernelFunctions, .kptr, .percpuKptr])
        unset.features.remove(.loadAcquire)
        #expect(KernelTarget(facts: unset).missingFeatures.isEmpty)
        #expect(KernelTarget([.jumps], facts: Self.facts("6.12.3", without: .loop, answer)).missingFeatures.isEmpty)
    }

    @Test func gapsOfAKernelMakeTheEndOne() {
        var counts = CampaignCounts()
        (counts.kernel.loads, counts.kernel.accepted) = (1000, 970)
        counts.kernel.refused = ["BPF program is too large. Processed N insn": 30]
        var report = KernelReport(counts, release: "6.12", cases: 1000, seconds: 1)
        #expect(report.gaps.count == 1 && report.gaps[0].hasPrefix("the kernel refused 30 of 1,000 valid programs"))
        counts.kernel.refused = ["insn N cannot be patched due to N-bit range": 30]
        report = KernelReport(counts, release: "6.12", cases: 1000, seconds: 1)
        #expect(report.gaps.isEmpty)
        report.missingFeatures = [
            .init(feature: "loop", profiles: ["loop"], since: "5.17", release: "6.12", error: nil, line: "")
        ]
        #expect(report.gaps.count == 1)
    }

    /// The program of a probe with a fault is a case of its own.
    @Test func faultyProbesAreCases() throws {
        let line = "verifier bug: something is wrong"
        let answer = ProbeAnswer(probe: "loop", code: EFAULT, line: line, isFault: true)
        let target = KernelTarget(facts: Self.facts("6.18.1", without: .loop, answer))
        let probe = try #require(FaultyProbe.all(in: target.facts)[0])
        #expect(probe.finding.bucket == "kernel/error/verifier-bug/something-is-wrong")
        #expect(probe.finding.detail == "the probe of loop: \(line)")
        #expect(target.makeCase(0, seed: 3).loadable?.program.insns == probe.program.program.insns)
        #expect(target.makeCase(1, seed: 3).loadable?.program.insns != probe.program.program.insns)
        #expect(FaultyProbe.all(in: target.facts)[1] == nil)
        // A warning at a probe that is loaded.
        let warning = ProbeAnswer(
            probe: "xdp", code: 0, line: "WARNING: CPU: 0 PID: 1 at kernel/bpf/core.c:1 bpf_adj_branches+0x1/0x2",
            isFault: true)
        let warned = try #require(FaultyProbe.all(in: Self.facts("6.18.1", without: .gotol, warning))[0])
        #expect(warned.finding.bucket == "kernel/kernel-log/warning/bpf-adj-branches")
    }

    /// A resumed campaign is the same although the kernel complains about a probe only once.
    @Test func answersDoNotTellKernelsApart() {
        let answer = ProbeAnswer(probe: "loop", code: EFAULT, line: "x", isFault: true)
        let one = Self.facts("6.18.1", without: .loop, answer)
        #expect(one.isSameKernel(as: Self.facts("6.18.1", without: .loop, nil)))
        #expect(!one.isSameKernel(as: Self.facts("6.18.2", without: .loop, answer)))
    }

    // MARK: Files

    @Test func runningProgramIsOnDiskUntilItReturns() throws {
        let folder = try Tool.Folder()
        let origin = Case.Origin(seed: 5, index: 9)
        let file = RunningProgramFile(folder: folder.path)
        let name = "running-\(getpid()).case"
        for index in UInt64(9)...10 {
            let origin = Case.Origin(seed: 5, index: index)
            try file.begin(Case(Self.simple, origin: origin))
            let text = try #require(try folder.texts()[name])
            #expect(try CaseFile.parse(text, file: "x").origin == origin)
            file.end()
            #expect(try folder.texts()[name]?.hasPrefix("# no program is running\n") == true)
        }
        // This process is alive; no other has the number 0x7ffffffe.
        #expect(RunningProgramFile.leftovers(in: folder.path).isEmpty)
        #expect(try folder.texts().count == 1)
        try file.begin(Case(Self.simple, origin: origin))
        let text = try #require(try folder.texts()[name])
        _ = try folder.write(text, to: "running-2147483646.case")
        #expect(RunningProgramFile.leftovers(in: folder.path).count == 1)
        _ = try folder.write("# no program is running\n", to: "running-2147483646.case")
        #expect(RunningProgramFile.leftovers(in: folder.path).isEmpty)
        #expect(try folder.texts().count == 1)
    }
}
