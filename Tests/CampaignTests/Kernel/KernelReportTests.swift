import BPF
import Fuzzing
import KernelRewrites
import LinuxBPF
import Testing

@testable import Campaign

/// What a campaign against a kernel counts, and how that is told.
@Suite struct KernelReportTests {
    private static let counts: [String: UInt64] = [
        "loads": 2000, "accepted": 1997, "gaps": 4, "refused RN !read_ok": 1, "refused invalid access (N)": 2,
        "coverage division none none": 1500, "coverage division first ja-forward": 70,
        "coverage division behind ja-forward": 1, "coverage may-goto from may-goto-backward": 9,
    ]

    private static func report(_ counts: [String: UInt64]) -> CampaignReport {
        var report = CampaignReport(
            seed: 1, cases: 2000, seconds: 2, casesPerSecond: 1000, jobs: 1, findings: [], isFinished: true)
        KernelTally.describe(counts, in: &report)
        report.kernel = "6.18.44"
        return report
    }

    @Test func countsAreDescribed() {
        let report = Self.report(Self.counts)
        #expect(report.loads == 2000 && report.accepted == 1997 && report.notUnderstood == 4 && report.executed == nil)
        #expect(report.loadsPerSecond == 1000)
        #expect(report.refused?.map(\.reason) == ["invalid access (N)", "RN !read_ok"])
        #expect(report.coverage?.count == 4 && report.coverage?.reduce(0) { $0 + $1.count } == 1580)
    }

    @Test func textHasTables() {
        var report = Self.report(Self.counts)
        report.neverSeen = ["zext"]
        #expect(
            report.kernelText == """
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

                never seen: zext

                """)
    }

    /// The names under which workers report are read back.
    @Test func tallySurvivesItsNames() {
        var tally = KernelTally()
        tally.loads = 3
        tally.refused = ["two\nlines\tand a tab": 2]
        #expect(tally.counts == ["loads": 3, "refused two lines and a tab": 2])
        let report = BlockReport(block: 4, done: 128, counts: tally.counts)
        var reader = BlockReport.Reader()
        #expect(reader.read(Array(report.text.utf8)[...]) == [.block(report)])
    }

    @Test(arguments: [
        ("verifier bug: scc exit: no visit info for call chain (2)", "scc-exit-no-visit-info-for-call-chain"),
        ("verifier bug: No program to jit at insn 19 (subprog < 0)", "no-program-to-jit-at-insn"),
    ]) func verifierBugsAreFindings(_ text: String, words: String) throws {
        let bug = try #require(VerifierBug(LoadRefusal(code: 14, text: text)))
        #expect(bug.finding.bucket == "kernel/error/verifier-bug/\(words)" && text.hasPrefix(bug.text))
        #expect(VerifierBug(LoadRefusal(code: 13, text: "R2 !read_ok")) == nil)
    }

    /// What may bring the machine down is not loaded again; a case that shows its fault when it is run needs to be run.
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
