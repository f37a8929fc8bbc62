import Foundation
import Testing

/// `plugin build --pass` and `run --workload kernel-passes`, as a user runs them.
@Suite struct KernelPassCommandTests {
    private static let archive = "/usr/src/linux-source-6.12.tar.xz"
    private static let isThere = FileManager.default.fileExists(atPath: archive)

    /// Debian's 6.12 has a fault that upstream has repaired: `func_info_aux` does not follow removed subprograms.
    @Test(.enabled(if: isThere, "linux-source-6.12 is not installed"))
    func faultOfDebiansKernelIsFoundAndReplayed() throws {
        let folder = try Tool.Folder()
        let library = folder.path + "/dead.so"
        let built = try Tool.run([
            "plugin", "build", "--kernel-tree", Self.archive, "-o", library, "--pass", "opt_remove_dead_code",
        ])
        #expect(built.status == 0, "\(built.errors)")
        #expect(built.output.contains("+opt-remove-dead-code,"))
        #expect(built.output.contains("run --time 60 --workload kernel-passes --plugin \(library)"))

        let random = try Tool.run(["run", "--seed", "1", "--cases", "1", "--plugin", library])
        #expect(random.status == 64)
        #expect(random.errors.contains("runs passes of the kernel; add --workload kernel-passes"), "\(random.errors)")
        for other in [["scale", "--patches", "10"], ["apply"], ["compare", library]] {
            let refused = try Tool.run(other + (other[0] == "compare" ? [library] : ["--plugin", library]))
            #expect(refused.status == 64, "\(other): \(refused.status)")
            #expect(
                refused.errors.contains("runs passes of the kernel, and '\(other[0])' has other"), "\(refused.errors)")
        }

        let crashes = folder.path + "/crashes"
        let found = try Tool.run([
            "run", "--seed", "1", "--cases", "2000", "--workload", "kernel-passes", "--plugin", library, "--crashes",
            crashes,
        ])
        #expect(found.status == 77, "\(found.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: crashes)
        let name = try #require(names.first { $0.contains("--error--stale-table-func-info-aux--delete") })
        #expect(names.count == 1, "\(names)")
        let replayed = try Tool.run(["replay", "\(crashes)/\(name)", "--plugin", library])
        #expect(replayed.status == 77, "\(replayed.output)")
        // Two subprograms and a removed one.
        let text = try String(contentsOfFile: "\(crashes)/\(name)", encoding: .utf8)
        #expect(text.components(separatedBy: "  delete ").count == 2, "\(text)")
        try expectKnown(library, target: String(name.prefix { $0 != "+" }), in: folder)
    }

    /// The list of known faults has the fault, for this release of Debian's package too.
    private func expectKnown(_ library: String, target: String, in folder: Tool.Folder) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let shipped = try String(contentsOf: root.appending(path: "Crashes/known-6.12.txt"), encoding: .utf8)
        let list = try folder.write(shipped.replacing("kernel-6.12.117", with: target), to: "known.txt")
        let run = [
            "run", "--seed", "1", "--cases", "500", "--workload", "kernel-passes", "--plugin", library, "--crashes",
            folder.path + "/known",
        ]
        let known = try Tool.run(run + ["--known", list])
        #expect(known.status == 0, "\(known.output)\(known.errors)")
        #expect(known.output.contains("1 finding, 1 of them known"), "\(known.output)")
        let empty = try folder.write("# nothing\n", to: "empty.txt")
        #expect(try Tool.run(run + ["--known", empty]).status == 77)
    }

    /// A case that no pass of the plug-in makes is skipped, with the reason.
    @Test(.enabled(if: isThere, "linux-source-6.12 is not installed"))
    func otherEditsAreSkipped() throws {
        let folder = try Tool.Folder()
        let library = folder.path + "/nops.so"
        let built = try Tool.run([
            "plugin", "build", "--kernel-tree", Self.archive, "-o", library, "--pass", "opt_remove_nops",
        ])
        #expect(built.status == 0, "\(built.errors)")
        let file = try folder.write(
            "# bpf-patch-fuzz case\n\nprogram\nL0: r0 = 1\n    exit\n\npass\n  replace L0 with\n    r0 = 2\n",
            to: "a.case")
        let shown = try Tool.run(["replay", file, "--plugin", library])
        #expect(
            (shown.output + shown.errors).contains("runs only the edits that its passes of the kernel make"),
            "\(shown.output)\(shown.errors)")
    }
}
