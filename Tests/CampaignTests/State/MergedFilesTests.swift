import Foundation
import Testing

@testable import Campaign

/// Input files of merged campaigns are compared by content, not by path.
@Suite struct MergedFilesTests {
    private static func part(_ shard: String, plugin: String, in folder: Tool.Folder) throws -> KeptCampaign {
        let campaign = try KeptCampaign(["--seed", "7", "--cases", "256", "--shard", shard, "--plugin", plugin])
        let run = try campaign.run()
        #expect(run.status == 0, "\(run.errors)")
        return campaign
    }

    @Test func otherPluginUnderOnePathIsRefused() throws {
        let folder = try Tool.Folder()
        let plugin = folder.path + "/plugin.so"
        try ExamplePlugin.build(plugin, 0)
        let one = try Self.part("1/2", plugin: plugin, in: folder)
        try ExamplePlugin.build(plugin, 3)
        let two = try Self.part("2/2", plugin: plugin, in: folder)
        let merge = try Tool.run(["merge", one.state, two.state, "-o", folder.path + "/merged"])
        #expect(merge.status == 1)
        #expect(
            merge.errors.contains("\(plugin) was different for \(two.state) and \(one.state),"),
            "\(merge.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/merged"))
    }

    /// As on two machines, even if one half has been merged before.
    @Test func samePluginUnderTwoPathsIsTheSame() throws {
        let folder = try Tool.Folder()
        let plugins = ["one", "two"].map { "\(folder.path)/\($0).so" }
        try ExamplePlugin.build(plugins[0])
        try FileManager.default.copyItem(atPath: plugins[0], toPath: plugins[1])
        let half = try Self.part("1/2", plugin: plugins[0], in: folder)
        let twin = try Self.part("1/2", plugin: plugins[1], in: folder)
        let rest = try Self.part("2/2", plugin: plugins[1], in: folder)
        let merged = folder.path + "/merged"
        #expect(try Tool.run(["merge", half.state, "-o", merged]).status == 0)
        for state in [half.state, merged] {
            let merge = try Tool.run(["merge", state, twin.state, "-o", folder.path + "/new"])
            #expect(merge.status == 1)
            #expect(merge.errors.contains("\(twin.state) and \(state) are both shard 1/2"), "\(merge.errors)")
        }
        let whole = try Tool.run(["merge", merged, rest.state, "-o", folder.path + "/whole", "--json"])
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(try whole.report()["finished"] as? Bool == true)
    }

    /// Campaigns are equal if the contents of their objects are, independent of names.
    @Test func objectsAreComparedByContent() throws {
        func part(_ objects: [String], _ files: [(String, String)]) -> Checkpoint.Part {
            Checkpoint.Part(
                configuration: CampaignConfiguration(
                    target: .patchers(PatcherTarget(objects: objects)), cases: .init(seed: 1, limit: 9),
                    budget: .init(jobs: 2)),
                cases: 0, seconds: 0, isFinished: true,
                files: files.map { UsedFile(path: $0.0, size: 1, fingerprint: $0.1) })
        }
        func pluginPart(_ path: String) throws -> Checkpoint.Part {
            let text = #"{"plugin":{"_0":{"path":"\#(path)","name":"x","capabilityBits":0}}}"#
            let choice = try JSONDecoder().decode(PatcherChoice.self, from: Data(#"{"origin":\#(text)}"#.utf8))
            var found = part([], [(path, "1")])
            found.configuration.target = .patchers(PatcherTarget([choice]))
            return found
        }
        let folder = part(["/a"], [("/a/x.o", "1"), ("/a/y.o", "2")])
        let files = part(["/b/p.o", "/c/q.o"], [("/b/p.o", "1"), ("/c/q.o", "2")])
        #expect(folder.identity == files.identity && folder.command != files.command)
        for others in [[("/a/x.o", "1")], [("/a/x.o", "2"), ("/a/y.o", "1")], [("/a/x.o", "1"), ("/a/y.o", "3")]] {
            let other = part(["/a"], others)
            #expect(other.identity != folder.identity && other.command == folder.command)
            #expect(throws: CampaignError.self) {
                try UsedFile.checkAgreement(of: other.files, in: "s", with: folder.files, in: "t")
            }
        }
        let plugin = try pluginPart("/a/x.o")
        #expect(plugin.identity == (try pluginPart("/b/y.o")).identity)
        #expect(plugin.identity != part(["/a/x.o"], [("/a/x.o", "1")]).identity)
    }
}
