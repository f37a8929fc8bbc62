import Foundation
import Testing

/// Exit statuses and messages of `plugin build`. `PluginsTests` tests the plug-ins.
@Suite struct PluginBuildCommandTests {
    /// A tree without one of the functions.
    private func tree() throws -> Tool.Folder {
        let folder = try Tool.Folder()
        _ = try folder.write("VERSION = 6\nPATCHLEVEL = 1\n", to: "Makefile")
        try FileManager.default.createDirectory(atPath: folder.path + "/kernel/bpf", withIntermediateDirectories: true)
        _ = try folder.write("int bpf_patch_insn_single(int a) { return a; }\n", to: "kernel/bpf/core.c")
        return folder
    }

    @Test(arguments: [(["--bisect"], 128), ([], 1)] as [([String], Int32)])
    func treeThatTheAdapterDoesNotFitHasAStatus(options: [String], status: Int32) throws {
        let tree = try tree()
        let library = tree.path + "/kernel.so"
        let outcome = try Tool.run(["plugin", "build", "--kernel-tree", tree.path, "-o", library] + options)
        #expect(outcome.status == status)
        let words = "error: \(tree.path): the built-in adapter does not fit this tree: bpf_patch_insn_data() is in none"
        #expect(outcome.errors.hasPrefix(words), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: library))
    }

    @Test func otherFoldersAreNoCommitToSkip() throws {
        let folder = try Tool.Folder()
        let outcome = try Tool.run([
            "plugin", "build", "--bisect", "--kernel-tree", folder.path, "-o", folder.path + "/x",
        ])
        #expect(outcome.status == 128)
        #expect(outcome.errors.hasPrefix("error: \(folder.path): is no kernel tree"))
    }

    /// An output that cannot be written is an error before the tree is read, and is not deleted.
    @Test(arguments: ["-o", "--keep-source"]) func foldersAreNotReplaced(option: String) throws {
        let tree = try tree()
        let outcome = try Tool.run(
            ["plugin", "build", "--kernel-tree", tree.path, "-o", tree.path + "/k.so", option, tree.path + "/kernel"])
        #expect(outcome.status == 1)
        #expect(
            outcome.errors.hasPrefix("error: \(tree.path)/kernel: cannot be written: it is a folder"),
            "\(outcome.errors)")
        #expect(FileManager.default.fileExists(atPath: tree.path + "/kernel/bpf/core.c"))
    }

    /// An output may not replace an input, even under another path.
    @Test(arguments: [
        ["-o", "mine.h", "--stand-ins", "mine.h"], ["-o", "./mine.h", "--stand-ins", "mine.h"],
        ["-o", "hard.h", "--stand-ins", "mine.h"], ["-o", "soft.h", "--stand-ins", "mine.h"],
        ["-o", "k.so", "--keep-source", "mine.h", "--stand-ins", "./mine.h"],
        ["-o", "kernel/bpf/core.c"], ["-o", "kernel/new.so/../bpf/core.c"], ["-o", "link/core.c"],
        ["-o", "k.so", "--keep-source", "kernel/bpf/core.c"], ["-o", "Makefile"],
        ["-o", "k.so", "--keep-source", "./k.so"], ["-o", "k.so", "--keep-source", "kernel/../k.so"],
        ["-o", "a.tar", "--kernel-tree", "a.tar"],
    ]) func inputsAreNotReplaced(_ words: [String]) throws {
        let tree = try tree()
        _ = try tree.write("/* mine */\n", to: "mine.h")
        try FileManager.default.createDirectory(atPath: tree.path + "/kernel/new.so", withIntermediateDirectories: true)
        unsafe link(tree.path + "/mine.h", tree.path + "/hard.h")
        unsafe symlink("mine.h", tree.path + "/soft.h")
        unsafe symlink("kernel/bpf", tree.path + "/link")
        let tar = ["tar", "-C", tree.path, "-cf", tree.path + "/a.tar", "Makefile", "kernel"]
        #expect(try Tool.run(tar, program: URL(fileURLWithPath: "/usr/bin/env")).status == 0)
        let before = try bytes(of: tree.path)
        let trees = words.contains("--kernel-tree") ? [] : ["--kernel-tree", tree.path]
        let outcome = try Tool.run(
            ["--chdir=\(tree.path)", Tool.executable.path, "plugin", "build"] + trees + words,
            program: URL(fileURLWithPath: "/usr/bin/env"))
        #expect(outcome.status == 1)
        let isOfTwo = words.last?.hasSuffix("k.so") == true
        #expect(
            outcome.errors.hasPrefix("error: ")
                && outcome.errors.contains(
                    isOfTwo ? "is the file of both -o and --keep-source" : "is read by this command"),
            "\(outcome.errors)")
        #expect(try bytes(of: tree.path) == before)
    }

    /// A signal also ends the children and removes the temporary files.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func signalsLeaveNoFiles(_ signal: Int32) throws {
        let tree = try tree()
        let tar = ["tar", "-C", tree.path, "-cf", tree.path + "/a.tar", "Makefile", "kernel"]
        #expect(try Tool.run(tar, program: URL(fileURLWithPath: "/usr/bin/env")).status == 0)
        for name in ["bin", "temporary"] {
            try FileManager.default.createDirectory(atPath: "\(tree.path)/\(name)", withIntermediateDirectories: false)
        }
        // An unpacker that hangs. A child of another test may hold a file that this process writes, which could then not run.
        let script = "#!/bin/sh\necho $$ > \(tree.path)/started\nsleep 3600\n"
        let write = ["sh", "-c", "printf %s \"$0\" >\"$1\" && chmod 755 \"$1\"", script, tree.path + "/bin/tar"]
        #expect(try Tool.run(write, program: URL(fileURLWithPath: "/usr/bin/env")).status == 0)
        let words = ["PATH=\(tree.path)/bin:/usr/bin:/bin", "TMPDIR=\(tree.path)/temporary", Tool.executable.path]
        let build = ["plugin", "build", "--kernel-tree", tree.path + "/a.tar", "-o", tree.path + "/k.so"]
        var child: pid_t?
        let outcome = try Tool.run(words + build, program: URL(fileURLWithPath: "/usr/bin/env")) { process in
            try Tool.wait(for: "the unpacker", of: process) {
                let text = (try? String(contentsOfFile: tree.path + "/started", encoding: .utf8)) ?? ""
                child = text.hasSuffix("\n") ? pid_t(text.dropLast()) : nil
                return child != nil
            }
            kill(process.processIdentifier, signal)
        }
        #expect(outcome.status == -signal, "\(outcome)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: tree.path + "/temporary") == [])
        let unpacking = try #require(child)
        // A zombie has no command line.
        try Tool.wait(for: "the end of the unpacker") {
            ((try? String(contentsOfFile: "/proc/\(unpacking)/cmdline", encoding: .utf8)) ?? "").isEmpty
        }
    }

    private func bytes(of folder: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            found[name] = FileManager.default.contents(atPath: "\(folder)/\(name)")
        }
        return found
    }

    @Test(arguments: [
        ["plugin", "build"], ["plugin", "build", "--kernel-tree", "/"],
        ["plugin", "build", "--kernel-tree", "/", "-o", "x.so", "--sanitize", "nothing"], ["plugin", "unbuild"],
    ])
    func wrongUsageIsExplained(arguments: [String]) throws {
        #expect(try Tool.run(arguments).status == 64)
    }

    private static let source = ["6.12", "6.1"].map { "/usr/src/linux-source-\($0).tar.xz" }.first {
        FileManager.default.fileExists(atPath: $0)
    }

    /// Reading an archive takes long, so one line announces it without a terminal. The other messages are sentences.
    @Test(.enabled(if: source != nil, "no source package of a kernel is in /usr/src"))
    func progressIsReported() throws {
        let archive = try #require(Self.source)
        let folder = try Tool.Folder()
        let library = folder.path + "/kernel.so"
        let run = try Tool.run(["plugin", "build", "--kernel-tree", archive, "-o", library])
        #expect(run.status == 0)
        #expect(run.errors == "\(archive): unpacking kernel/bpf and its headers\n")
        let output = run.output.replacingOccurrences(of: "\n  ", with: " ")
        let lines = output.split(separator: "\n").map(String.init)
        #expect(lines.first?.hasPrefix("\(library): kernel-6.1") == true, "\(output)")
        #expect(lines.first?.contains(" functions of Linux 6.1") == true, "\(output)")
        #expect(
            lines.contains { $0.hasPrefix("note: Linux 6.1") && $0.hasSuffix(": programs with one are not tested") })
        #expect(lines.last == "test it with: \(Tool.executable.path) run --time 60 --plugin \(library)")
    }
}
