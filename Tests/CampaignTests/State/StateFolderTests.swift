import Foundation
import Testing

@testable import Campaign

/// Damaged or foreign state folders are refused or repaired with a sentence, without loss of data.
@Suite struct StateFolderTests {
    private static let arguments = ["--seed", "7", "--cases", "20", "--patcher", "planted-lost-aux"]

    /// A way to damage a file.
    enum Damage: CaseIterable {
        case empty, oneByte, half, allButOne, oneBit, another

        func apply(to file: String) throws {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            switch self {
            case .empty: bytes = Data()
            case .oneByte: bytes = bytes.prefix(1)
            case .half: bytes = bytes.prefix(bytes.count / 2)
            case .allButOne: bytes = bytes.dropLast()
            case .oneBit: bytes[bytes.count / 2] ^= 1
            case .another: bytes = Data("something else\n".utf8)
            }
            try bytes.write(to: URL(fileURLWithPath: file))
        }
    }

    /// All files of a state with their bytes, without the lock.
    private static func bytes(of folder: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) where name != "lock" {
            found[name] = FileManager.default.contents(atPath: "\(folder)/\(name)")
        }
        return found
    }

    /// Checks that resuming is refused with some words, and that no byte changes.
    private static func expectRefusal(
        _ campaign: KeptCampaign, _ others: [String] = [], _ words: [String], status: Int32 = 1
    ) throws {
        let before = try bytes(of: campaign.state)
        let run = try Tool.run(["run", "--state", campaign.state] + others)
        #expect(run.status == status && run.errors.hasPrefix("error: "), "\(run.status) \(run.errors)")
        for word in words { #expect(run.errors.contains(word), "\(run.errors)") }
        #expect(try bytes(of: campaign.state) == before)
    }

    @Test(arguments: Damage.allCases) func olderCheckpointReplacesADamagedOne(_ damage: Damage) throws {
        let campaign = try KeptCampaign(Self.arguments)
        let whole = try campaign.result(campaign.run())
        try damage.apply(to: campaign.state + "/checkpoint")
        let repaired = try campaign.run()
        #expect(repaired.status == 77)
        #expect(
            repaired.errors.contains("\(campaign.state)/checkpoint is missing or damaged; resuming from the previous")
        )
        #expect(try campaign.result(repaired) == whole)
        let again = try campaign.run()
        #expect(again.errors.isEmpty)
        #expect(try campaign.result(again) == whole)
    }

    /// The older checkpoint replaces the damaged one, and survives until the next valid one is written.
    @Test func damagedCheckpointIsNotKept() throws {
        let campaign = try KeptCampaign(Self.arguments)
        try campaign.run()
        let before = campaign.state + "/checkpoint.before"
        let old = try Checkpoint.parse(Data(contentsOf: URL(fileURLWithPath: before)))
        try Damage.half.apply(to: campaign.state + "/checkpoint")
        let folder = try StateFolder.open(campaign.state, host: Tool.host)
        var next = try #require(folder.checkpoint)
        #expect(next == old)
        for number in [101, 102] {
            next.next = UInt64(number)
            try folder.save(next)
            let kept = try Checkpoint.parse(Data(contentsOf: URL(fileURLWithPath: before)))
            #expect(number == 101 ? kept == old : kept.next == 101)
        }
    }

    @Test func twoDamagedCheckpointsAreRefused() throws {
        let campaign = try KeptCampaign(Self.arguments)
        try campaign.run()
        try Damage.half.apply(to: campaign.state + "/checkpoint")
        try Damage.allButOne.apply(to: campaign.state + "/checkpoint.before")
        try Self.expectRefusal(campaign, ["--resume"], ["/checkpoint", "are damaged", "/crashes", "--restart"])
        let anew = try Tool.run(["run", "--state", campaign.state, "--restart"] + Self.arguments)
        #expect(anew.status == 77 && anew.errors.contains("was moved to \(campaign.state)/earlier-1"))
    }

    /// The advice in the error works.
    @Test func missingCheckpointsAreRefused() throws {
        let campaign = try KeptCampaign(Self.arguments)
        try campaign.run()
        for name in ["checkpoint", "checkpoint.before"] {
            try FileManager.default.removeItem(atPath: "\(campaign.state)/\(name)")
        }
        try Self.expectRefusal(
            campaign, ["--resume"],
            ["but no checkpoint", "--restart instead of --resume", "\(campaign.state)/earlier-1"])
        let anew = try Tool.run(["run", "--state", campaign.state, "--restart"] + Self.arguments)
        #expect(anew.status == 77 && anew.errors.contains("was moved to \(campaign.state)/earlier-1"))
    }

    @Test func otherVersionIsRefused() throws {
        let campaign = try KeptCampaign(Self.arguments)
        try campaign.run()
        let file = campaign.state + "/checkpoint"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let (now, next) = (Checkpoint.format, Checkpoint.format + 1)
        try Data(text.replacingOccurrences(of: "checkpoint \(now)\n", with: "checkpoint \(next)\n").utf8).write(
            to: URL(fileURLWithPath: file))
        try Self.expectRefusal(campaign, ["--resume"], ["has format \(next)", "reads format \(now)", "--restart"])
    }

    @Test func oldStateIsNotOverwritten() throws {
        let campaign = try KeptCampaign(Self.arguments)
        let before = try campaign.result(campaign.run())
        try Self.expectRefusal(campaign, Self.arguments, ["already contains a campaign", "--resume'", "--restart"])
        let anew = try Tool.run([
            "run", "--state", campaign.state, "--restart", "--json", "--seed", "8", "--cases", "100",
        ])
        #expect(anew.status == 0 && anew.errors.contains("was moved to \(campaign.state)/earlier-1"), "\(anew.errors)")
        #expect(try anew.report()["cases"] as? Int == 100)
        #expect(!FileManager.default.fileExists(atPath: campaign.state + "/crashes"))
        let old = try Tool.run(["run", "--state", campaign.state + "/earlier-1", "--resume", "--json"])
        #expect(try old.report()["cases"] as? Int == before.cases)
        #expect(try Tool.Folder.texts(in: campaign.state + "/earlier-1/crashes") == before.files)
    }

    @Test func otherFilesAreNotOverwritten() throws {
        let campaign = try KeptCampaign(Self.arguments)
        let crashes = campaign.state + "/crashes"
        try FileManager.default.createDirectory(atPath: crashes, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: crashes + "/a.case"))
        try Self.expectRefusal(campaign, Self.arguments, ["contains crashes, but no campaign"])
    }

    /// A folder with other files is refused, and no file is added to it.
    @Test(arguments: [[], ["--restart"]]) func foldersOfOtherThingsAreRefused(_ words: [String]) throws {
        let folder = try Tool.Folder()
        _ = try folder.write("mine", to: "thesis.tex")
        let before = try folder.texts()
        let run = try Tool.run(["run", "--state", folder.path] + Self.arguments + words)
        #expect(run.status == 1 && run.errors.contains("\(folder.path) contains thesis.tex, which"), "\(run.errors)")
        #expect(try folder.texts() == before)
    }

    @Test(arguments: [
        ("/dev/null/state", "cannot be made: Not a directory; name another folder"),
        ("/proc/state", "cannot be made: No such file or directory; name another folder"),
        ("/dev/null", "is a device and no folder; name a folder"),
    ]) func folderMustBeWritable(_ path: String, _ reason: String) throws {
        let run = try Tool.run(["run", "--state", path] + Self.arguments)
        #expect(run.status == 1)
        #expect(run.errors == "error: \(path): \(reason); this is the folder for the state of the campaign\n")
    }

    @Test func resumeNeedsAState() throws {
        let folder = try Tool.Folder()
        let run = try Tool.run(["run", "--state", folder.path + "/none", "--resume"])
        #expect(run.status == 1 && run.errors.contains("/none contains no campaign to resume; leave out --resume"))
        #expect(try folder.texts().isEmpty)
    }

    @Test(arguments: [
        (["--seed", "8"], "--seed: the campaign in # has 7, not 8"),
        (["--patcher", "delta-array"], "--patcher: the campaign in # has planted-lost-aux, not delta-array"),
        (["--shard=1/2"], "--shard: the campaign in # has the default, not 1/2"),
        (["--cases", "19"], "--cases: the campaign in # has 20, not 19"),
        (["--workload", "nops"], "--workload: the campaign in # has the default, not nops"),
    ]) func contradictionsAreRefused(_ words: [String], _ sentence: String) throws {
        let campaign = try KeptCampaign(Self.arguments)
        try campaign.run()
        let text = sentence.replacingOccurrences(of: "#", with: campaign.state)
        try Self.expectRefusal(campaign, ["--resume"] + words, [text], status: 64)
    }

    @Test func equalOptionsAreAccepted() throws {
        let campaign = try KeptCampaign(Self.arguments)
        try campaign.run()
        #expect(try campaign.run(Self.arguments + ["--jobs", "2"]).status == 77)
    }

    @Test(arguments: [
        ["--resume"], ["--restart"], ["--state", "x", "--resume", "--restart"], ["--state", "x", "--crashes", "y"],
        ["--state", "x", "--crashes=y"],
    ]) func wrongUsageIs64(_ words: [String]) throws {
        #expect(try Tool.run(["run"] + words).status == 64)
    }

    /// A second campaign on the same state is refused with the process id of the first. A killed campaign does not block it.
    @Test func stateIsHeldByOneCampaign() throws {
        let campaign = try KeptCampaign(["--seed", "7"])
        let first = try campaign.run { process in
            try Tool.wait(for: "a checkpoint", of: process) { campaign.hasBegun }
            let second = try Tool.run(["run", "--state", campaign.state, "--resume"])
            #expect(second.status == 1)
            #expect(second.errors.contains("\(campaign.state) is in use by process \(process.processIdentifier);"))
            let merge = try Tool.run(["merge", campaign.state, "-o", campaign.folder.path + "/merged"])
            #expect(merge.status == 1 && merge.errors.contains("is in use by process"))
            kill(process.processIdentifier, SIGKILL)
        }
        #expect(first.status == -SIGKILL)
        #expect(try campaign.runOn().status == 0)
    }

    /// A replaced plug-in is detected when the campaign resumes, and while it runs.
    @Test func replacedPluginIsDetected() throws {
        let campaign = try KeptCampaign([])
        let plugin = campaign.folder.path + "/plugin.so"
        try ExamplePlugin.build(plugin, 0)
        let begin = ["run", "--state", campaign.state, "--seed", "7", "--plugin", plugin]
        let run = try Tool.run(begin) { process in
            try Tool.wait(for: "a checkpoint", of: process) { campaign.hasBegun }
            try ExamplePlugin.build(plugin, 3)
        }
        #expect(
            run.status == 1 && run.errors.contains("plugin.so has changed since the campaign began"), "\(run.errors)")
        #expect(run.errors.contains("--state \(campaign.state) --resume' resumes it"))
        try Self.expectRefusal(campaign, ["--resume"], ["plugin.so has changed since the campaign in", "restore it"])
        try ExamplePlugin.build(plugin, 0)
        let on = try campaign.runOn()
        #expect(on.status != 1, "\(on.errors)")
        try FileManager.default.removeItem(atPath: plugin)
        try Self.expectRefusal(campaign, ["--resume"], ["plugin.so"])
    }
}
