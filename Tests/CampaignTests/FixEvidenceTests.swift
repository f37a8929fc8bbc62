import Foundation
import Fuzzing
import TestSupport
import Testing

@testable import Campaign

/// `replay --since`: the figures on a fix, from the campaigns before and after it.
@Suite struct FixEvidenceTests {
    private static func count(_ cases: UInt64, _ hits: UInt64, isSeen: Bool? = nil) -> FixEvidence.Count {
        FixEvidence.Count(cases: cases, hits: hits, isSeen: isSeen ?? (hits > 0))
    }

    private static func evidence(
        since: FixEvidence.Count?, before: FixEvidence.Count? = nil, first: Case.Origin? = nil,
        difference: String? = nil
    ) -> FixEvidence {
        FixEvidence(
            file: "a.case", bucket: "mine/wrong-landing/ja-forward/delete", since: since, before: before, first: first,
            difference: difference)
    }

    /// Each sentence has the counted figures only.
    @Test func sentences() {
        let first = Case.Origin(seed: 7, index: 1234)
        let sentences: [(FixEvidence, String)] = [
            (
                Self.evidence(since: Self.count(420_000_000, 0), before: Self.count(420_000_000, 3818)),
                "not seen in 420,000,000 cases since the fix; before, 3,818 times in 420,000,000 cases, every 110,005"
            ),
            (
                Self.evidence(since: Self.count(3000, 0), before: Self.count(1000, 1)),
                "not seen in 3,000 cases since the fix; before, once in 1,000 cases, every 1,000"
            ),
            (
                Self.evidence(since: Self.count(2999, 0), before: Self.count(1000, 1)),
                "not seen in 2,999 cases since the fix; before, once in 1,000 cases, every 1,000: run 3,000 cases or "
                    + "more to tell"
            ),
            (
                Self.evidence(since: Self.count(1000, 2), before: Self.count(1000, 1)),
                "still seen 2 times in 1,000 cases since the fix"
            ),
            (
                Self.evidence(since: Self.count(1000, 0, isSeen: true)),
                "still seen in 1,000 cases since the fix"
            ),
            (Self.evidence(since: nil), "no figures: the campaign since the fix did not test mine"),
            (
                Self.evidence(since: Self.count(1000, 0), first: first),
                "not seen in 1,000 cases since the fix; before, first seen at index 1234 of seed 7, and its rate is not "
                    + "known without --before"
            ),
            (
                Self.evidence(since: Self.count(1000, 0)),
                "not seen in 1,000 cases since the fix; before, its rate is not known without --before"
            ),
            (
                Self.evidence(since: Self.count(1000, 0), before: Self.count(50, 0)),
                "not seen in 1,000 cases since the fix; before, not seen in the campaign of --before"
            ),
            (
                Self.evidence(since: Self.count(1000, 0), before: Self.count(50, 0, isSeen: true)),
                "not seen in 1,000 cases since the fix; before, seen only while another case was minimized, or in a "
                    + "block that was not completed"
            ),
            (
                Self.evidence(since: Self.count(1000, 0), before: Self.count(50, 5), difference: "they differ"),
                "not seen in 1,000 cases since the fix; before, 5 times in 50 cases, which is no rate to compare with: "
                    + "they differ"
            ),
        ]
        for (evidence, sentence) in sentences { #expect(evidence.text == sentence) }
    }

    /// A faulty plug-in is fixed under the same name: the figures are those of the two campaigns.
    @Test func figuresOfTwoCampaigns() throws {
        let folder = try Tool.Folder()
        let (faulty, fixed) = (folder.path + "/faulty.so", folder.path + "/fixed.so")
        try ExamplePlugin.build(fixed)
        try ExamplePlugin.build(faulty, replacing: ("i == last ? in->aux[edit->off]", "i == 0 ? in->aux[edit->off]"))
        func campaign(_ library: String, _ state: String, cases: Int, _ more: [String] = []) throws -> Tool.Outcome {
            try Tool.run(
                ["run", "--plugin", "mine=\(library)", "--seed", "5", "--cases", "\(cases)"]
                    + ["--state", folder.path + "/" + state, "--json"] + more)
        }
        let found = try campaign(faulty, "before", cases: 3000)
        #expect(found.status == 77)
        let findings = try found.report()["findings"] as? [[String: Any]] ?? []
        let clean = try campaign(fixed, "since", cases: 5000)
        #expect(clean.status == 0)
        let ran = try [clean, found].map { try ($0.report()["ran"] as? [String: Int])?["mine"] ?? 0 }
        #expect(ran[0] > 4000 && ran[0] <= 5000 && ran[1] > 2400)
        #expect(try campaign(fixed, "other", cases: 1000, ["--workload", "may-goto"]).status == 0)

        let replay = ["replay", folder.path + "/before/crashes", "--plugin", "mine=\(fixed)", "--json"]
        let run = try Tool.run(
            replay + ["--since", folder.path + "/since", "--before", folder.path + "/before"])
        #expect(run.status == 0, "\(run)")
        let fixes = try run.report()["fixes"] as? [[String: Any]] ?? []
        #expect(!findings.isEmpty && fixes.count == findings.count)
        for finding in findings {
            let fix = try #require(fixes.first { $0["bucket"] as? String == finding["bucket"] as? String })
            let (since, before) = (fix["since"] as? [String: Any], fix["before"] as? [String: Any])
            #expect(since?["cases"] as? Int == ran[0] && since?["sightings"] as? Int == 0, "\(fix)")
            #expect(since?["seen"] as? Bool == false && before?["cases"] as? Int == ran[1])
            #expect(before?["sightings"] as? Int == finding["sightings"] as? Int)
        }
        // Without the state before, or with other cases, there is no rate.
        let alone = try Tool.run(replay + ["--since", folder.path + "/since"]).report()["fixes"] as? [[String: Any]]
        #expect(alone?.count == fixes.count && alone?.allSatisfy { $0["every"] is NSNull } == true)
        let other =
            try Tool.run(
                replay + ["--since", folder.path + "/other", "--before", folder.path + "/before"]
            ).report()["fixes"] as? [[String: Any]]
        #expect(other?.count == fixes.count && other?.allSatisfy { $0["every"] is NSNull } == true)
        // A failed case has no fix, and no figures.
        let failed = try Tool.run([
            "replay", folder.path + "/before/crashes", "--plugin", "mine=\(faulty)", "--json", "--since",
            folder.path + "/since",
        ])
        #expect(failed.status == 77)
        #expect((try failed.report()["fixes"] as? [Any])?.isEmpty == true)
    }

    /// A case that its target skipped is no case in which the bucket was not seen, and such a target gets other cases.
    @Test func skippedCasesDoNotCount() throws {
        let folder = try Tool.Folder()
        let (whole, limited) = (folder.path + "/whole.so", folder.path + "/limited.so")
        try ExamplePlugin.build(whole, replacing: ("i == last ? in->aux[edit->off]", "i == 0 ? in->aux[edit->off]"))
        try ExamplePlugin.build(limited, replacing: (".caps = ", ".caps = BPF_PATCHER_REFUSES | "))
        for (library, state) in [(whole, "before"), (limited, "since")] {
            _ = try Tool.run([
                "run", "--plugin", "mine=\(library)", "--patcher", "engine", "--seed", "5", "--cases", "3000",
                "--state",
                folder.path + "/" + state, "--json",
            ])
        }
        let replayed = try Tool.run([
            "replay", folder.path + "/before/crashes", "--plugin", "mine=\(limited)", "--json", "--since",
            folder.path + "/since", "--before", folder.path + "/before",
        ]).report()
        let fixes = replayed["fixes"] as? [[String: Any]] ?? []
        #expect(!fixes.isEmpty, "\(replayed)")
        for fix in fixes {
            let cases = (fix["since"] as? [String: Any])?["cases"] as? Int ?? 0
            #expect(cases > 0 && cases < 3000 && fix["every"] is NSNull, "\(fix)")
        }
    }
}
