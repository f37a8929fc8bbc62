import Foundation
import Testing

/// Wrong use of every command: exit status, one sentence with the cause, and no changed file.
@Suite struct WrongUseTests {
    private static let commands = Result { try CommandLineDump.commands() }
    private static let derived = (try? WrongUseTable.wrongCommands(commands.get())) ?? []

    @Test func everyOptionIsInTheTable() throws {
        let missing = try WrongUseTable.missing(Self.commands.get())
        #expect(missing == [])
        let count = Self.derived.count + WrongUseTable.channels.count + WrongUseTable.others.count
        #expect(count >= 150, "\(count)")
    }

    @Test(arguments: derived) func optionsAreChecked(_ wrong: WrongCommand) throws {
        try wrong.check(WrongUseFixture.shared.get())
    }

    @Test(arguments: WrongUseTable.channels) func descriptorsAreChecked(_ wrong: WrongCommand) throws {
        try wrong.check(WrongUseFixture.shared.get())
    }

    @Test(arguments: WrongUseTable.others) func otherWrongUseIsChecked(_ wrong: WrongCommand) throws {
        try wrong.check(WrongUseFixture.shared.get())
        #expect(!FileManager.default.fileExists(atPath: "/nonexistent"))
    }

    /// Without /proc a command cannot read its own arguments, which is an error, not an empty command line.
    @Test(
        .enabled(if: OtherUser.canHideProc, "only root may mount"),
        arguments: [
            ["run", "--seed", "1", "--cases", "1"], ["patchers"], [],
        ]) func missingProcIsReported(_ words: [String]) throws
    {
        let run = try Tool.run(
            ["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh", Tool.executable.path] + words,
            program: URL(fileURLWithPath: "/usr/bin/unshare"))
        #expect(run.status == 1 && run.output.isEmpty, "\(run)")
        #expect(run.errors == "error: /proc is not mounted; mount it\n")
    }

    /// A SIGPIPE from a reader that exits is not attributed to a plug-in.
    @Test(arguments: [WrongCommand.Channels.readerGone, .outputFull, .outputClosed])
    func outputErrorIsNotAttributedToThePlugin(_ channels: WrongCommand.Channels) throws {
        let folder = try Tool.Folder()
        let plugin = folder.path + "/example.so"
        try ExamplePlugin.build(plugin)
        let line = "{\"name\":\"one\",\"insns\":[\"9500000000000000\"],\"passes\":[[]]}\n"
        let file = try folder.write(String(repeating: line, count: 100), to: "lines.jsonl")
        let wrong = WrongCommand(words: ["apply", "--plugin", plugin, file], status: 1, channels: channels)
        let outcome = try wrong.run(in: folder.path)
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("error: standard output: cannot be written: "), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }

    /// A missing permission is reported with the file and the system's error text.
    @Test(.enabled(if: OtherUser.prefix != nil), arguments: OtherUser.wrongCommands)
    func permissionIsTheReason(_ wrong: WrongCommand) throws {
        let folder = try Tool.Folder()
        try OtherUser.fill(folder)
        var wrong = wrong
        wrong.prefix = OtherUser.prefix ?? []
        let outcome = try wrong.run(in: folder.path)
        #expect(outcome.status == 1, "\(outcome.errors)")
        for name in wrong.names + ["Permission denied"] {
            #expect(outcome.errors.contains(name), "\(name): \(outcome.errors)")
        }
        for text in WrongCommand.forbidden { #expect(!outcome.errors.contains(text), "\(outcome.errors)") }
        #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
}

/// Runs commands as another user, if the tests run as root.
enum OtherUser {
    /// The words before a command; `nil` if that is impossible.
    static let prefix: [String]? = {
        if geteuid() != 0 { return [] }
        let words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let run = try? Tool.run(
            words + [Tool.executable.path, "--version"], program: URL(fileURLWithPath: "/usr/bin/env"))
        return run?.status == 0 ? words : nil
    }()

    /// True if a program can run without /proc.
    static let canHideProc =
        (try? Tool.run(
            ["--mount", "mount", "-t", "tmpfs", "none", "/proc"], program: URL(fileURLWithPath: "/usr/bin/unshare")))?
        .status == 0

    /// Makes files for their owner only, in a folder for everyone.
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

    static let wrongCommands: [WrongCommand] = [
        WrongCommand(words: ["replay", "secret"], status: 1, names: ["secret"]),
        WrongCommand(words: ["replay", "locked"], status: 1, names: ["locked"]),
        WrongCommand(words: ["show", "secret"], status: 1, names: ["secret"]),
        WrongCommand(words: ["minimize", "secret"], status: 1, names: ["secret"]),
        WrongCommand(words: ["apply", "--patcher", "delta-array", "secret"], status: 1, names: ["secret"]),
        WrongCommand(words: ["run", "--cases", "1", "--known", "secret"], status: 1, names: ["secret"]),
        WrongCommand(words: ["run", "--cases", "1", "--plugin", "secret"], status: 1, names: ["secret"]),
        WrongCommand(
            words: ["run", "--cases", "1", "--crashes", "open", "--objects", "secret"], status: 1, names: ["secret"]),
        WrongCommand(words: ["run", "--cases", "1", "--crashes", "locked"], status: 1, names: ["locked"]),
        WrongCommand(words: ["run", "--cases", "1", "--crashes", "locked/new"], status: 1, names: ["locked/new"]),
        WrongCommand(words: ["run", "--cases", "1", "--crashes", "new"], status: 1, names: ["new"]),
        WrongCommand(words: ["run", "--cases", "1", "--state", "locked/new"], status: 1, names: ["locked/new"]),
        WrongCommand(
            words: ["scale", "--patches", "10", "--plot", "secret"], status: 1, names: ["secret"]),
        WrongCommand(
            words: ["scale", "--patches", "10", "--plot", "new.svg"], status: 1, names: ["new.svg"]),
        WrongCommand(
            words: ["plugin", "build", "--kernel-tree", "locked", "-o", "/tmp/bpf-patch-fuzz-never.so"], status: 1,
            names: ["locked"]),
        WrongCommand(
            words: ["plugin", "build", "--kernel-tree", "tree", "-o", "/tmp/bpf-patch-fuzz-never.so"], status: 1,
            names: ["tree/kernel/bpf"]),
        WrongCommand(
            words: ["plugin", "build", "--kernel-tree", "tree", "-o", "new.so"], status: 1, names: ["new.so"]),
    ]
}
