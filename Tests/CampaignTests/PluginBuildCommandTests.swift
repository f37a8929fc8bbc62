import Foundation
import Testing

/// `plugin build` from outside: exit statuses and messages. What it builds is tested in `PluginsTests`.
@Suite struct PluginBuildCommandTests {
    /// A tree in which a function is missing.
    private func tree() throws -> Tool.Folder {
        let folder = try Tool.Folder()
        _ = try folder.write("VERSION = 6\nPATCHLEVEL = 1\n", to: "Makefile")
        try FileManager.default.createDirectory(atPath: folder.path + "/kernel/bpf", withIntermediateDirectories: true)
        _ = try folder.write("int bpf_patch_insn_single(int a) { return a; }\n", to: "kernel/bpf/core.c")
        return folder
    }

    @Test(arguments: [(["--bisect"], 125), ([], 1)] as [([String], Int32)])
    func treeThatDoesNotBuildHasAStatus(options: [String], status: Int32) throws {
        let tree = try tree()
        let library = tree.path + "/kernel.so"
        let outcome = try Tool.run(["plugin", "build", "--kernel-tree", tree.path, "-o", library] + options)
        #expect(outcome.status == status)
        #expect(outcome.errors == "error: \(tree.path): bpf_patch_insn_data() is in none of kernel/bpf/*.c\n")
        #expect(!FileManager.default.fileExists(atPath: library))
    }

    @Test func whatIsNoTreeIsNoCommitToPassOver() throws {
        let folder = try Tool.Folder()
        let outcome = try Tool.run([
            "plugin", "build", "--bisect", "--kernel-tree", folder.path, "-o", folder.path + "/x",
        ])
        #expect(outcome.status == 128)
        #expect(outcome.errors.hasPrefix("error: \(folder.path): is no kernel tree"))
    }

    /// What cannot be written is said before a tree is looked at, and deleted least of all.
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

    @Test(arguments: [
        ["plugin", "build"], ["plugin", "build", "--kernel-tree", "/"],
        ["plugin", "build", "--kernel-tree", "/", "-o", "x.so", "--sanitize", "nothing"], ["plugin", "unbuild"],
    ])
    func wrongUsageIsSaid(arguments: [String]) throws {
        #expect(try Tool.run(arguments).status == 64)
    }

    private static let source = ["6.12", "6.1"].map { "/usr/src/linux-source-\($0).tar.xz" }.first {
        FileManager.default.fileExists(atPath: $0)
    }

    /// An archive takes a while: one line says so where no terminal is. What is said of the tree is said in sentences.
    @Test(.enabled(if: source != nil, "no source package of a kernel is in /usr/src"))
    func whatIsDoneIsSaid() throws {
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
