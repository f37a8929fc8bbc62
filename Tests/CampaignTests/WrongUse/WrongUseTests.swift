import Foundation
import Testing

/// Wrong use of every command: the status, one sentence with the thing and the reason, and nothing of the user's changed.
@Suite struct WrongUseTests {
    private static let commands = Result { try CommandLineDump.commands() }
    private static let derived = (try? WrongUseTable.trials(commands.get())) ?? []

    @Test func everyOptionHasTrials() throws {
        #expect(try WrongUseTable.missing(Self.commands.get()) == [])
        let count = Self.derived.count + WrongUseTable.channels.count + WrongUseTable.others.count
        #expect(count >= 150, "\(count)")
    }

    @Test(arguments: derived) func optionsAreChecked(_ trial: WrongUseTrial) throws {
        try trial.check(WrongUseFixture.shared.get())
    }

    @Test(arguments: WrongUseTable.channels) func descriptorsAreChecked(_ trial: WrongUseTrial) throws {
        try trial.check(WrongUseFixture.shared.get())
    }

    @Test(arguments: WrongUseTable.others) func theRestIsChecked(_ trial: WrongUseTrial) throws {
        try trial.check(WrongUseFixture.shared.get())
        #expect(!FileManager.default.fileExists(atPath: "/nonexistent"))
    }

    /// Without /proc a command cannot read its own arguments, and must not take that for none.
    @Test(
        .enabled(if: OtherUser.canHideProc, "only root may mount"),
        arguments: [
            ["run", "--seed", "1", "--cases", "1"], ["patchers"], [],
        ]) func missingProcIsSaid(_ words: [String]) throws
    {
        let run = try Tool.run(
            ["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh", Tool.executable.path] + words,
            program: URL(fileURLWithPath: "/usr/bin/unshare"))
        #expect(run.status == 1 && run.output.isEmpty, "\(run)")
        #expect(run.errors == "error: /proc is not there, and this program cannot work without; mount it\n")
    }

    /// A plug-in is not blamed for a reader that has ended, as it was for the SIGPIPE that came of it.
    @Test(arguments: [WrongUseTrial.Channels.readerGone, .outputFull, .outputClosed])
    func pluginIsNotBlamedForOutput(_ channels: WrongUseTrial.Channels) throws {
        let folder = try Tool.Folder()
        let plugin = folder.path + "/example.so"
        try ExamplePlugin.build(plugin)
        let line = "{\"name\":\"one\",\"insns\":[\"9500000000000000\"],\"passes\":[[]]}\n"
        let file = try folder.write(String(repeating: line, count: 100), to: "lines.jsonl")
        let trial = WrongUseTrial(words: ["apply", "--plugin", plugin, file], status: 1, channels: channels)
        let outcome = try trial.run(in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("error: standard output: cannot be written: "), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }

    /// Whoever may not read or write something is told so, by name and in the words of the system.
    @Test(.enabled(if: OtherUser.prefix != nil), arguments: OtherUser.trials)
    func permissionIsTheReason(_ trial: WrongUseTrial) throws {
        let folder = try Tool.Folder()
        try OtherUser.fill(folder)
        var trial = trial
        trial.prefix = OtherUser.prefix ?? []
        let outcome = try trial.run(in: folder.path)
        #expect(outcome.status == 1, "\(outcome.errors)")
        for name in trial.names + ["Permission denied"] {
            #expect(outcome.errors.contains(name), "\(name): \(outcome.errors)")
        }
        for text in WrongUseTrial.forbidden { #expect(!outcome.errors.contains(text), "\(outcome.errors)") }
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
}

/// Runs commands without the rights of root, where the tests have them.
enum OtherUser {
    /// The words before a command; `nil` where it cannot be done.
    static let prefix: [String]? = {
        if geteuid() != 0 { return [] }
        let words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let run = try? Tool.run(
            words + [Tool.executable.path, "--version"], program: URL(fileURLWithPath: "/usr/bin/env"))
        return run?.status == 0 ? words : nil
    }()

    /// Whether a program can be run without /proc.
    static let canHideProc =
        (try? Tool.run(
            ["--mount", "mount", "-t", "tmpfs", "none", "/proc"], program: URL(fileURLWithPath: "/usr/bin/unshare")))?
        .status == 0

    /// Makes things that only their owner may use, in a folder that all may.
    static func fill(_ folder: Tool.Folder) throws {
        for name in ["open", "locked", "locked/kernel", "tree", "tree/kernel", "tree/kernel/bpf"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(name)", withIntermediateDirectories: false)
        }
        _ = try folder.write("VERSION = 6\nPATCHLEVEL = 1\n", to: "tree/Makefile")
        for name in ["secret", "locked/a.case", "tree/kernel/bpf/core.c"] { _ = try folder.write("mine\n", to: name) }
        for name in ["secret", "locked", "tree/kernel/bpf"] { unsafe chmod("\(folder.path)/\(name)", 0) }
        unsafe chmod(folder.path + "/open", 0o777)
        unsafe chmod(folder.path, 0o755)
    }

    static let trials: [WrongUseTrial] = [
        WrongUseTrial(words: ["replay", "secret"], status: 1, names: ["secret"]),
        WrongUseTrial(words: ["replay", "locked"], status: 1, names: ["locked"]),
        WrongUseTrial(words: ["show", "secret"], status: 1, names: ["secret"]),
        WrongUseTrial(words: ["minimize", "secret"], status: 1, names: ["secret"]),
        WrongUseTrial(words: ["apply", "--patcher", "delta-array", "secret"], status: 1, names: ["secret"]),
        WrongUseTrial(words: ["run", "--cases", "1", "--known", "secret"], status: 1, names: ["secret"]),
        WrongUseTrial(words: ["run", "--cases", "1", "--plugin", "secret"], status: 1, names: ["secret"]),
        WrongUseTrial(
            words: ["run", "--cases", "1", "--crashes", "open", "--objects", "secret"], status: 1, names: ["secret"]),
        WrongUseTrial(words: ["run", "--cases", "1", "--crashes", "locked"], status: 1, names: ["locked"]),
        WrongUseTrial(words: ["run", "--cases", "1", "--crashes", "locked/new"], status: 1, names: ["locked/new"]),
        WrongUseTrial(words: ["run", "--cases", "1", "--crashes", "new"], status: 1, names: ["new"]),
        WrongUseTrial(words: ["run", "--cases", "1", "--state", "locked/new"], status: 1, names: ["locked/new"]),
        WrongUseTrial(
            words: ["scale", "--patches", "10", "--plot", "secret"], status: 1, names: ["secret"]),
        WrongUseTrial(
            words: ["scale", "--patches", "10", "--plot", "new.svg"], status: 1, names: ["new.svg"]),
        WrongUseTrial(
            words: ["plugin", "build", "--kernel-tree", "locked", "-o", "/tmp/bpf-patch-fuzz-never.so"], status: 1,
            names: ["locked"]),
        WrongUseTrial(
            words: ["plugin", "build", "--kernel-tree", "tree", "-o", "/tmp/bpf-patch-fuzz-never.so"], status: 1,
            names: ["tree/kernel/bpf"]),
        WrongUseTrial(
            words: ["plugin", "build", "--kernel-tree", "tree", "-o", "new.so"], status: 1, names: ["new.so"]),
    ]
}
