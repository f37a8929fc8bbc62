import Fuzzing
import Testing

@testable import Campaign

/// Groups of findings with one cause.
struct FindingGroupsTests {
    private func finding(_ bucket: String, slots: Int = 1, leadsTo: [String]? = []) -> StoredFinding {
        let c = Case(
            program: .init(insns: Array(repeating: .init(code: 0xb7), count: slots)), passes: [])
        var finding = StoredFinding(
            c, bucket: bucket, file: "/tmp/\(bucket.replacing("/", with: "--")).case", seed: 1, index: 0, hits: 2)
        finding.leadsTo = leadsTo
        return finding
    }

    private func buckets(_ findings: [StoredFinding]) -> [[String]] {
        FindingGroups.make(findings.shuffled()).map { $0.buckets.map { String($0.drop { $0 != "/" }.dropFirst()) } }
    }

    /// A chain of slides is one group, even through a bucket without a finding. The smallest case comes first.
    @Test func slidesJoin() {
        let found = buckets([
            finding("a/layout/alu64/patch", slots: 4, leadsTo: ["a/aux/alu64/patch"]),
            finding("a/aux/alu64/patch", slots: 3, leadsTo: ["a/line/record/none"]),
            finding("a/line/missing/none", slots: 2, leadsTo: ["a/line/record/none"]),
            finding("a/subprogram/start/none", slots: 1),
        ])
        #expect(
            found == [
                ["subprogram/start/none"], ["line/missing/none", "aux/alu64/patch", "layout/alu64/patch"],
            ])
    }

    /// The group with the smallest case comes first, independent of names.
    @Test func smallestComesFirst() {
        let found = buckets([
            finding("a/layout/alu64/patch", slots: 9), finding("b/crash/sigill/none", slots: 2),
            finding("c/hang/none/none", slots: 5), finding("b/aux/alu64/patch", slots: 2),
        ])
        #expect(found == [["aux/alu64/patch"], ["crash/sigill/none"], ["hang/none/none"], ["layout/alu64/patch"]])
    }

    /// Findings that cannot slide, or have not yet, are grouped by the parts of their bucket.
    @Test(arguments: [
        ("a/hang/none/none", "a/hang/none/patch", true), ("a/crash/sigsegv/none", "a/crash/sigabrt/none", false),
        ("a/hang/none/none", "b/hang/none/none", false), ("a/hang/none/none", "a/memory/none/none", false),
        ("a/wild-write/insns/none", "a/wild-write/aux/none", true),
        ("kernel/wrong-landing/call-backward/none", "kernel/wrong-landing/call-forward/patch", true),
        ("kernel/wrong-landing/call-backward/none", "kernel/wrong-landing/ja-backward/none", false),
        ("kernel/error/verifier-bug/one", "kernel/error/verifier-bug/two", false),
        ("a/error/leak/patch", "a/error/leak/delete", true), ("a/error/leak/patch", "a/error/stale-table/patch", false),
        ("a/hang/none/none", "a/hang/none/none/beyond-contract", false),
    ])
    func bucketsJoin(one: String, other: String, isOne: Bool) {
        #expect(FindingGroups.make([finding(one), finding(other)]).count == (isOne ? 1 : 2))
    }

    @Test func withoutASlideTheRuleCounts() {
        let (one, other) = ("a/wrong-landing/ja-forward/patch", "a/wrong-landing/ja-backward-ref/delete")
        #expect(FindingGroups.make([finding(one, leadsTo: nil), finding(other, leadsTo: nil)]).count == 1)
        #expect(FindingGroups.make([finding(one), finding(other)]).count == 2)
    }

    /// A finding that had no time to slide joins those of its kind, if they are all in one group.
    @Test func withoutASlideTheKindCounts() {
        let end = "a/wrong-landing/ja-forward/patch"
        let slid = [finding("a/wrong-landing/cond-forward/patch", leadsTo: [end]), finding(end)]
        let late = ["cond-forward-ref/insert", "cond-backward/patch", "gotol-forward/patch"].map {
            finding("a/wrong-landing/\($0)", slots: 5, leadsTo: nil)
        }
        #expect(buckets(slid + late).map(\.count) == [3, 1, 1])
        // Two causes for one kind: the cause of the finding is unknown.
        let apart = finding("a/wrong-landing/cond-forward/delete", slots: 3)
        #expect(buckets(slid + late + [apart]).map(\.count) == [2, 1, 2, 1])
    }

    /// A group is known if all its findings are.
    @Test func knownGroups() {
        var (one, other) = (finding("a/hang/none/none"), finding("a/hang/none/patch"))
        #expect(FindingGroups.make([one, other])[0].isKnown == nil)
        (one.isKnown, other.isKnown) = (true, false)
        #expect(FindingGroups.make([one, other])[0].isKnown == false)
        other.isKnown = true
        #expect(FindingGroups.make([one, other])[0].isKnown == true)
    }

    /// Only paths are wider than 80 columns, and the command can be pasted.
    @Test func textFits() throws {
        var findings = SentenceTexts.buckets.map { finding($0) }
        // The largest possible counts.
        for number in 100..<300 {
            findings.append(finding("a/hang/none/none-\(number)", slots: 12_345))
            findings[findings.count - 1].hits = 1_000_000_000
        }
        for group in FindingGroups.make(findings, plugins: [PluginFile(path: "./a plugin.so")], host: Tool.host) {
            for line in group.text.split(separator: "\n") where line.count > 80 {
                #expect(line.hasPrefix("    /tmp/") || line.hasSuffix(" show \\"), "\(line)")
            }
            #expect(group.text.contains(group.sentence.prefix(30)))
            #expect(group.show.prefix(2).last == "show" && group.show.last?.hasSuffix("plugin.so'") == true)
        }
    }

    /// The option for a plug-in with a long path has its own line.
    @Test func optionsAreBrokenToo() throws {
        let path = "./" + String(repeating: "a-long-folder/", count: 4) + "kernel.so"
        let group = FindingGroups.make(
            [finding("b/hang/none/none")], plugins: [PluginFile(path: path)], host: Tool.host)[0]
        let lines = group.text.split(separator: "\n").drop { !$0.contains(" show") }
        #expect(lines.count >= 2 && lines.last == "    --plugin \(path)", "\(group.text)")
        #expect(lines.dropLast().allSatisfy { $0.hasSuffix(" \\") }, "\(group.text)")
    }

    /// The size of a kernel case is that of its program, since its passes record the kernel's rewrites.
    @Test func kernelCasesAreAsLargeAsTheirPrograms() {
        #expect(finding("kernel/line/record/patch", slots: 51_068).size == "51,068 slots")
        #expect(finding("a/line/record/patch", slots: 1).size == "0 passes, 0 edits, 1 slot")
    }

    private enum SentenceTexts {
        static let buckets = [
            "a/wrong-landing/cond32-backward-leaving/insert-skip/beyond-contract", "b/hang/none/none",
            "kernel-6.12.117/error/accepted-became-erange/replace/beyond-contract",
        ]
    }
}
