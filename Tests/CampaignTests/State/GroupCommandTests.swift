import Foundation
import Testing

@testable import Campaign

/// The groups of a campaign depend only on its cases.
@Suite struct GroupCommandTests {
    private static let words = ["--seed", "7", "--patcher", "planted-lost-aux"]
    private static let cases = ["--cases", "200"]

    /// The groups of the JSON report, without the folders of their files.
    private static func groups(_ outcome: Tool.Outcome) throws -> [FindingGroup] {
        struct Report: Decodable { var groups: [FindingGroup] }
        let report = try JSONDecoder().decode(Report.self, from: Data(outcome.lastLine.utf8))
        return report.groups.map { group in
            var group = group
            group.file = URL(fileURLWithPath: group.file).lastPathComponent
            group.show = []
            return group
        }
    }

    @Test func groupsDoNotDependOnJobsOrInterrupts() throws {
        let one = try KeptCampaign(Self.words + Self.cases)
        let expected = try Self.groups(one.run())
        try #require(expected.contains { $0.buckets.count > 3 } && expected.allSatisfy { $0.hits > 0 })
        let two = try KeptCampaign(Self.words + Self.cases + ["--jobs", "2"])
        #expect(try Self.groups(two.run()) == expected)
        let resumed = try KeptCampaign(Self.words + ["--cases", "70"])
        try resumed.run()
        try resumed.run(["--cases", "130", "--jobs", "2"])
        #expect(try Self.groups(resumed.run(Self.cases)) == expected)
        #expect(try Self.groups(resumed.run()) == expected, "a finished campaign that is looked at again")
        let folder = try Tool.Folder()
        let merged = try KeptCampaign.merge([one], into: folder.path + "/merged")
        #expect(try Self.groups(merged) == expected)
    }

    /// Merged parts may join more findings than the whole campaign, but never fewer.
    @Test func mergedPartsSplitNoGroup() throws {
        let whole = try Self.groups(KeptCampaign(Self.words + Self.cases).run())
        let parts = try ["1/2", "2/2"].map { try KeptCampaign(Self.words + Self.cases + ["--shard", $0]) }
        for part in parts { try part.run() }
        let folder = try Tool.Folder()
        let merged = try Self.groups(KeptCampaign.merge(parts, into: folder.path + "/merged"))
        #expect(merged.count <= whole.count)
        for group in whole {
            let homes = merged.filter { !Set($0.buckets).isDisjoint(with: group.buckets) }
            #expect(homes.count == 1, "\(group.buckets): \(homes.map(\.buckets))")
        }
        func hits(_ groups: [FindingGroup]) -> UInt64 { groups.map(\.hits).reduce(0, +) }
        #expect(hits(merged) == hits(whole))
    }
}
