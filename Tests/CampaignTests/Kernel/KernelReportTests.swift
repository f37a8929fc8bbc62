import BPF
import Foundation
import Fuzzing
import KernelModel
import KernelRewrites
import LinuxBPF
import Testing

@testable import Campaign

/// The counters of a kernel campaign, and their text.
@Suite struct KernelReportTests {
    private static var report: KernelReport {
        var counts = CampaignCounts()
        counts.kernel.loads = 2000
        counts.kernel.accepted = 1997
        counts.kernel.notUnderstood = 4
        counts.kernel.refused = ["RN !read_ok": 1, "invalid access (N)": 2]
        counts.kernel.helpers = ["map_lookup_elem": 7, "jiffies64": 1200]
        counts.kernel.kernelFunctions = ["bpf_obj_new_impl": 3]
        counts.kernel.coverage = try! JSONDecoder().decode(
            RewriteCoverage.self,
            from: Data(
                """
                {"division/none/none": 1500, "division/first/ja-forward": 70, "division/behind/ja-forward": 1,
                "may-goto/from/may-goto-backward": 9}
                """.utf8))
        return KernelReport(counts, release: "6.18.44", cases: 2000, seconds: 2)
    }

    /// A program that triggers the known fault of backward calls.
    private static let backwardCall = LoadableProgram(
        program: Program(statements: [
            ["call +4", "r0 = 0", "exit"], ["r0 = 1", "exit"], ["call -3", "may_goto +0", "r0 = 0", "exit"],
        ]))

    @Test func countsAreDescribed() {
        let report = Self.report
        #expect(report.loads == 2000 && report.accepted == 1997 && report.notUnderstood == 4 && report.executed == nil)
        #expect(report.loadsPerSecond == 1000 && report.neverRun == [])
        #expect(report.refused.map(\.reason) == ["invalid access (N)", "RN !read_ok"])
        #expect(report.coverage.count == 4 && report.coverage.reduce(0) { $0 + $1.count } == 1580)
    }

    @Test func textHasTables() {
        var report = Self.report
        report.neverSeen = ["zext"]
        #expect(
            report.text == """
                kernel 6.18.44: 2,000 loads, 1,000 a second, 1,997 accepted (99.9 %)
                  2 refused: invalid access (N)
                  1 refused: RN !read_ok
                4 places not understood

                rewrite    all first behind before from subprog-start subprog-end adjacent
                division 1,500    70      1
                may-goto                              9

                jump              first behind from
                ja-forward           70      1
                may-goto-backward                 9

                helper          calls
                jiffies64       1,200
                map_lookup_elem     7

                kernel function  calls
                bpf_obj_new_impl     3

                never seen: zext

                """)
    }

    /// A kernel that accepts no program has tested nothing, unless a load ended the process.
    @Test func nothingAcceptedIsNamed() {
        var counts = CampaignCounts()
        counts.kernel.loads = 5
        func neverRun(cases: UInt64) -> [String] {
            KernelReport(counts, release: "6.18", cases: cases, seconds: 1).neverRun
        }
        #expect(neverRun(cases: 5) == ["kernel"] && neverRun(cases: 0) == [])
        counts[0].hangs = 1
        #expect(neverRun(cases: 5) == [])
    }

    @Test(arguments: [
        ("verifier bug: scc exit: no visit info for call chain (2)", "scc-exit-no-visit-info-for-call-chain"),
        ("verifier bug: No program to jit at insn 19 (subprog < 0)", "no-program-to-jit-at-insn"),
    ]) func verifierBugsAreFindings(_ text: String, words: String) throws {
        let bug = try #require(VerifierBug(LoadRefusal(code: 14, text: text), of: Self.backwardCall, live: nil))
        #expect(bug.finding.bucket == "kernel/error/verifier-bug/\(words)" && text.hasPrefix(bug.text))
        #expect(VerifierBug(LoadRefusal(code: 13, text: "R2 !read_ok"), of: Self.backwardCall, live: nil) == nil)
    }

    /// A case that may crash the machine is not loaded again; a case that shows its fault in a run needs a run.
    @Test func deadlyBucketsAreKnown() {
        for bucket in ["kernel/crash/sigkill/none", "kernel/hang/none/none"] {
            #expect(Case.mayBringDown(bucket) && !Case.needsExecution(bucket), "\(bucket)")
        }
        for bucket in [
            "kernel/line/record/patch", "oracle/crash/sigill/none", "kernel/not-understood/alu/none", "kernel",
        ] {
            #expect(!Case.mayBringDown(bucket) && !Case.needsExecution(bucket), "\(bucket)")
        }
        let execution = "kernel/execution/xdp/rnd-hi32"
        #expect(!Case.mayBringDown(execution) && Case.needsExecution(execution))
    }
}
