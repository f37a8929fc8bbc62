import Foundation
import Patching
import SystemPackage
import TestSupport
import Testing
import UserFiles

/// The commands `replay`, `minimize`, `apply`, `show` and `patchers` on good and broken files.
@Suite struct FileCommandTests {
    private static let good = """
        # bpf-patch-fuzz case
        name: a jump over one deleted instruction

        program
            goto L2
            r1 = 1
        L2: exit

        pass
          delete 1

        expect
            goto L1
        L1: exit
        """

    @Test func brokenFilesAreNamedAndTheOthersRun() throws {
        let folder = try Tool.Folder()
        _ = try folder.write(Self.good, to: "a-good.case")
        let broken = try folder.write(Self.good.replacingOccurrences(of: "r1 = 1", with: "r1 = x"), to: "b-broken.case")
        let lines = try folder.write(
            "{\"name\":\"one\",\"insns\":[\"b701000001000000\"],\"passes\":[[]]}\n{\"name\":\n", to: "c.jsonl")
        let replay = try Tool.run(["replay", folder.path])
        #expect(replay.status == 1)
        #expect(replay.replayCounts == ReplayCounts(passed: 2, notReadable: 2))
        #expect(replay.errors.contains("\(broken):6:"), "\(replay.errors)")
        #expect(replay.errors.contains("\(lines):2:"), "\(replay.errors)")
        #expect(replay.errors.contains("expected"))
    }

    @Test func wrongExpectationFails() throws {
        let folder = try Tool.Folder()
        let text = Self.good.replacingOccurrences(of: "expect\n    goto L1", with: "expect\n    goto L0x")
            .replacingOccurrences(of: "L1: exit", with: "L0x: r1 = 3")
        let file = try folder.write(text, to: "wrong.case")
        let replay = try Tool.run(["replay", file])
        #expect(replay.status == 77 && replay.output.contains("\(file) (a jump over one deleted instruction)"))
        for text in ["slot 1", "r1 = 3", "exit"] { #expect(replay.output.contains(text), "\(replay.output)") }
    }

    @Test func missingFileIsAnError() throws {
        for command in ["replay", "minimize", "show"] {
            let run = try Tool.run([command, "/no/such/file.case"])
            #expect(run.status == 1 && run.errors.contains("/no/such/file.case"), "\(command): \(run.errors)")
        }
    }

    /// A picture that cannot be written is an error, independent of the verdict.
    @Test func outputOfShowIsWritten() throws {
        let folder = try Tool.Folder()
        let file = try folder.write(Self.good, to: "good.case")
        let shell = URL(fileURLWithPath: "/bin/sh")
        let full = try Tool.run(["-c", "\(Tool.executable.path) show \(file) > /dev/full"], program: shell)
        #expect(full.status == 1)
        #expect(full.errors == "error: standard output: cannot be written: No space left on device\n")
    }

    /// A path without cases is an error, not success.
    @Test func noCaseAtAllIsAnError() throws {
        let folder = try Tool.Folder()
        let run = try Tool.run(["replay", folder.path])
        #expect(run.status == 1 && run.errors.contains("there is no case"))
    }

    /// A result that cannot be written is an error, not success.
    @Test func fullOutputIsAnError() throws {
        let folder = try Tool.Folder()
        let file = try folder.write(Self.good, to: "good.case")
        let full = try FileDescriptor.opening("/dev/full", .writeOnly)
        defer { full.end() }
        #expect(try TestProcess.run([TestProcess.tool, "replay", file], output: full).status == 1)
    }

    @Test func nothingToMinimizeIsAnError() throws {
        let folder = try Tool.Folder()
        let run = try Tool.run(["minimize", try folder.write(Self.good, to: "good.case")])
        #expect(run.status == 1 && run.errors.contains("the case has no finding"))
    }

    @Test func applyAnswersLineByLine() throws {
        let lines = """
            {"name":"moved","insns":["0500010000000000","b701000001000000","9500000000000000"],\
            "passes":[[{"off":1,"remove":1,"patch":[]}]]}
            {"name":"refused","insns":["b701000001000000"],"passes":[[{"off":0,"remove":1,"patch":[]}]]}
            {"name":"ill formed","insns":["0500050000000000"],"passes":[[]]}
            """
        let run = try Tool.run(["apply", "--patcher", "delta-array"], input: lines + "\n")
        let answers = run.output.split(separator: "\n").map(String.init)
        #expect(run.status == 0, "\(run.errors)")
        try #require(answers.count == 3)
        #expect(
            answers[0]
                == "{\"name\":\"moved\",\"result\":{\"insns\":[\"0500000000000000\",\"9500000000000000\"],"
                + "\"aux\":[0,0],\"subprogs\":[[0,0]],\"lines\":[]}}")
        #expect(answers[1] == "{\"name\":\"refused\",\"result\":{\"error\":\"EINVAL\"}}")
        #expect(answers[2].hasPrefix("{\"name\":\"ill formed\",\"result\":{\"malformed\":"))
        let broken = try Tool.run(["apply", "--patcher", "delta-array"], input: "{\n" + lines + "\n")
        #expect(broken.status == 1 && broken.errors.contains("<stdin>:1:"))
        #expect(broken.output == run.output)
    }

    @Test func patchersAreListed() throws {
        let run = try Tool.run(["patchers", "--json"])
        let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: String]] ?? []
        #expect(rows.map { $0["name"] } == BuiltInPatchers.allCases.map(\.name))
        #expect(rows.allSatisfy { Set($0.keys) == ["name", "source", "cost"] })
    }

    @Test(arguments: ["run", "replay", "minimize", "show", "apply", "scale", "stats", "patchers"])
    func everyCommandHasHelp(_ command: String) throws {
        let run = try Tool.run([command, "--help"])
        #expect(run.status == 0 && run.output.contains("Example"), "\(run.output)")
    }
}
