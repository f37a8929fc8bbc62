import BPF
import Foundation
import Fuzzing
import Testing

@testable import Campaign

/// The command of `--on-finding`.
@Suite(.serialized) struct FindingCommandTests {
    private static func finding(_ bucket: String) -> StoredFinding {
        let c = Case(program: Program(insns: [], aux: [], subprograms: []), passes: [])
        return StoredFinding(c, bucket: bucket, file: "/x/\(bucket).case", seed: 7, index: 3, hits: 1)
    }

    /// Runs a command for some buckets and returns the messages.
    private static func run(
        _ text: String, _ buckets: [String], groups: [[String]] = [], reported: Set<String> = [],
        patience: Double = 600, limit: Double? = nil
    ) -> (notes: [String], reported: Set<String>) {
        var notes: [String] = []
        let command = FindingCommand(text, option: "--on-finding", reported: reported, patience: patience) {
            notes.append($0)
        }
        for bucket in buckets {
            command.add(finding(bucket), of: groups.first { $0.contains(bucket) } ?? [bucket])
            command.step()
        }
        command.finish(within: limit)
        return (notes, command.reported)
    }

    /// The command runs once for each group, even while the first finding of the group waits, or if an earlier session had one.
    @Test func commandRunsOnceForEachGroup() throws {
        let folder = try Tool.Folder()
        let groups = [["a/1", "a/2"], ["a/3", "a/4", "a/5"], ["a/6", "a/7"]]
        let told = Self.run(
            "cat >> '\(folder.path)/all'", ["a/2", "a/1", "a/4", "a/5", "a/3", "a/6"], groups: groups,
            reported: ["a/7"])
        #expect(told.notes.isEmpty && told.reported == ["a/2", "a/4", "a/7"])
        let lines = try #require(folder.texts()["all"]).split(separator: "\n")
        let findings = try lines.map { try JSONDecoder().decode(StoredFinding.self, from: Data($0.utf8)) }
        #expect(findings == [Self.finding("a/2"), Self.finding("a/4")])
    }

    /// At the end of the campaign's time, a running command is killed. Waiting ones are left for the next session.
    @Test func commandDoesNotDelayTheEnd() {
        let told = Self.run("sleep 1000 & sleep 1000", ["a/1", "a/2", "a/3"], patience: 30, limit: 0.2)
        #expect(told.reported == ["a/1"])
        #expect(
            told.notes == [
                "--on-finding: the command was killed because the time limit of the campaign is reached; further failures are not reported\n",
                "--on-finding: there was no time to run the command for 2 more findings\n",
            ])
    }

    @Test func timeLimitShortensTheWait() {
        var clock = CampaignClock(limit: 10)
        #expect(clock.patience(isInterrupted: false).map { 10 < $0 && $0 <= 11.5 } == true)
        clock.before = 10.9
        #expect(clock.patience(isInterrupted: false).map { $0 <= 0.6 } == true)
        clock.before = 99
        #expect(clock.patience(isInterrupted: false) == 0)
        #expect(clock.patience(isInterrupted: true) == CampaignClock.afterInterrupt)
        clock.start = nil
        #expect(clock.patience(isInterrupted: false) == nil)
        #expect(CampaignClock(limit: nil).patience(isInterrupted: false) == nil)
    }

    @Test func commandRunsOnceForEachBucket() throws {
        let folder = try Tool.Folder()
        let told = Self.run("cat >> '\(folder.path)/all'; exit 0", ["a/1", "a/2", "a/1", "a/3"], reported: ["a/3"])
        #expect(told.notes.isEmpty && told.reported == ["a/1", "a/2", "a/3"])
        let lines = try #require(folder.texts()["all"]).split(separator: "\n")
        let findings = try lines.map { try JSONDecoder().decode(StoredFinding.self, from: Data($0.utf8)) }
        #expect(findings == [Self.finding("a/1"), Self.finding("a/2")])
    }

    /// A command need not read its input.
    @Test(arguments: ["exit 0", "exec < /dev/null; exit 0", "exec 0<&-; exit 0"])
    func commandNeedNotReadItsInput(_ text: String) {
        #expect(Self.run(text, ["a/1", "a/2"]).notes.isEmpty)
    }

    @Test func failureIsReportedOnce() throws {
        let folder = try Tool.Folder()
        let told = Self.run("echo x >> '\(folder.path)/all'; exit 3", ["a/1", "a/2", "a/3"])
        #expect(told.notes == ["--on-finding: the command ended with status 3; further failures are not reported\n"])
        #expect(try folder.texts()["all"] == "x\nx\nx\n", "it is run for the others all the same")
        #expect(Self.run("kill -9 $$", ["a/1"]).notes.count == 1)
    }

    /// A command that hangs is killed with its children. The commands that waited for it are not reported as run.
    @Test func hangingCommandIsKilled() throws {
        let folder = try Tool.Folder()
        let told = Self.run(
            "echo $$ >> '\(folder.path)/all'; sleep 1000 & sleep 1000", ["a/1", "a/2"], patience: 0.2)
        #expect(
            told.notes.first == "--on-finding: the command exceeded its time limit and was killed; "
                + "further failures are not reported\n")
        #expect(told.notes.count <= 2 && told.reported.contains("a/1"))
        for line in try folder.texts()["all", default: ""].split(separator: "\n") {
            let group = try #require(pid_t(line))
            // The rest of the process group may consist of zombies.
            while kill(-group, 0) == 0 { usleep(1000) }
        }
    }
}
