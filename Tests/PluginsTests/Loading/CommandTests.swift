import Foundation
import TestSupport
import Testing

/// The option `--plugin` of all commands.
struct CommandTests {
    /// The example with wrong offsets of backward jumps.
    private static func wrongExample(name: String = "wrong") throws -> BuiltPlugin {
        try BuiltPlugin(
            text: """
                #define bpf_patcher_v1 example_v1
                #include "example.c"
                #undef bpf_patcher_v1
                static int wrong(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits, __u32 edit_cnt,
                                 struct bpf_patcher_image *out)
                {
                    int status = apply(in, edits, edit_cnt, out);

                    for (__u32 i = 0; !status && i < out->insn_cnt; i++)
                        if (field_of(&out->insns[i]) == OFFSET_IN_OFF && out->insns[i].off < -3)
                            out->insns[i].off++;
                    return status;
                }
                const struct bpf_patcher *bpf_patcher_v1(void)
                {
                    static struct bpf_patcher patcher;

                    patcher = *example_v1();
                    patcher.apply = wrong;
                    patcher.name = "\(name)";
                    return &patcher;
                }
                """)
    }

    private static func tool(_ arguments: String..., input: String = "") throws -> BuiltPlugin.Outcome {
        try BuiltPlugin.runTool(arguments, input: input)
    }

    @Test func runTestsPluginsAlone() throws {
        let example = try BuiltPlugin(BuiltPlugin.example)
        let crashes = example.folder + "/crashes"
        let clean = try CommandTests.tool(
            "run", "--seed", "3", "--cases", "2000", "--plugin", example.path, "--crashes", crashes)
        #expect(clean.status == 0 && clean.output.contains("2,000 cases"), "\(clean)")
        let repeated = clean.output.split(separator: "\n").first { $0.hasPrefix("repeat with: ") } ?? ""
        #expect(repeated.contains("--plugin \(example.path)") && !repeated.contains("--patcher"))
    }

    @Test func wrongPluginIsFoundReplayedAndMinimized() throws {
        let wrong = try CommandTests.wrongExample()
        let crashes = wrong.folder + "/crashes"
        let found = try CommandTests.tool(
            "run", "--seed", "3", "--cases", "6000", "--plugin", wrong.path, "--patcher", "index-map", "--jobs", "2",
            "--crashes", crashes)
        #expect(found.status == 77, "\(found)")
        let files = try FileManager.default.contentsOfDirectory(atPath: crashes).filter { $0.hasSuffix(".case") }
        let name = try #require(files.first { $0.contains("wrong-landing") }, "\(files)")
        #expect(files.allSatisfy { $0.hasPrefix("wrong--") }, "\(files)")
        let file = crashes + "/" + name
        let alone = try CommandTests.tool("replay", crashes)
        #expect(alone.status == 0, "fails without the plug-in: \(alone)")
        let replayed = try CommandTests.tool("replay", crashes, "--plugin", wrong.path)
        #expect(replayed.status == 77 && replayed.replayCounts == ReplayCounts(failed: files.count), "\(replayed)")
        let smaller = try CommandTests.tool("minimize", file, "--plugin", wrong.path)
        #expect(smaller.status == 0 && smaller.output.contains("bucket: wrong/wrong-landing/"), "\(smaller)")
        let picture = try CommandTests.tool("show", file, "--plugin", wrong.path)
        #expect(picture.status == 0 && picture.output.contains("wrong: wrong-landing"), "\(picture)")
    }

    /// A skipped case does not count as passed. Another patcher can still pass it.
    @Test func skippedCaseIsNotPassed() throws {
        let example = try BuiltPlugin(BuiltPlugin.example)
        let text = "program\n    goto L2\n    r1 = 1\nL2: exit\n\npass\n  delete 1\n"
        for name in ["a", "b"] { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(example.folder)/\(name).case")) }
        let alone = try CommandTests.tool("replay", example.folder, "--plugin", example.path)
        #expect(alone.status == 1, "\(alone)")
        #expect(alone.replayCounts == ReplayCounts(notRun: 2) && alone.output.contains("example "), "\(alone)")
        #expect(alone.errors.hasPrefix("error: example ") && alone.errors.hasSuffix(" delete (2)\n"), "\(alone)")
        let both = try CommandTests.tool(
            "replay", example.folder, "--plugin", example.path, "--patcher", "index-map")
        #expect(both.status == 1, "\(both)")
        #expect(both.replayCounts == ReplayCounts(passed: 2) && both.errors == alone.errors, "\(both)")
    }

    /// Each crash is a failed case with a finding.
    @Test func crashIsNotPassed() throws {
        let plugin = try BuiltPlugin(
            ["\(BuiltPlugin.package)/Tests/Plugins/misbehaving.c"], flags: ["-w", "-DFAULT=ABORT"])
        let text = "program\n    r1 = 100\n    exit\n\npass\n  replace 1 with\n    r1 = 7\n    exit\n"
        for name in ["a", "b"] { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(plugin.folder)/\(name).case")) }
        let replay = try CommandTests.tool("replay", plugin.folder, "--plugin", plugin.path)
        #expect(replay.status == 77 && replay.replayCounts == ReplayCounts(failed: 2), "\(replay)")
        #expect(replay.output.contains("misbehaving/crash/sigabrt/none: "), "\(replay)")
    }

    @Test func applyMatchesABuiltInPatcher() throws {
        let map = try BuiltPlugin(BuiltPlugin.indexMap)
        let vectors = "\(BuiltPlugin.package)/Tests/Vectors/corners.jsonl"
        let built = try CommandTests.tool("apply", "--patcher", "index-map", vectors)
        let found = try CommandTests.tool("apply", "--plugin", map.path, vectors)
        #expect(built.status == 0 && !built.output.isEmpty)
        #expect(found.status == 0 && found.output == built.output && found.errors.isEmpty)
        // The oracle computes the passes that the example cannot run, and a note says so.
        let example = try BuiltPlugin(BuiltPlugin.example)
        let partly = try CommandTests.tool("apply", "--plugin", example.path, vectors)
        #expect(partly.status == 0 && partly.output == built.output)
        #expect(partly.errors.hasPrefix("note: ") && partly.errors.contains(" example"), "\(partly.errors)")
        #expect(try CommandTests.tool("apply", vectors).status == 64)
        #expect(try CommandTests.tool("apply", "--patcher", "index-map", "--plugin", map.path, vectors).status == 64)
    }

    @Test func scaleMeasuresPluginsAndBuiltInPatchers() throws {
        let map = try BuiltPlugin(BuiltPlugin.indexMap)
        let found = try CommandTests.tool(
            "scale", "--patches", "1000", "--plugin", map.path, "--patcher", "range-replace", "--json")
        #expect(found.status == 0, "\(found)")
        let rows = try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [[String: Any]] ?? []
        #expect(rows.compactMap { $0["patcher"] as? String } == ["range-replace", "c-index-map-plugin"])
        let all = try CommandTests.tool("scale", "--patches", "1000", "--plugin", map.path)
        #expect(all.output.contains("delta-array") && all.output.contains("c-index-map"), "\(all)")
        let example = try BuiltPlugin(BuiltPlugin.example)
        let refused = try CommandTests.tool("scale", "--patches", "1000", "--plugin", example.path)
        #expect(refused.status == 1 && refused.errors.contains("example does not support keep-jump"), "\(refused)")
    }

    @Test func patchersListsTheCapabilitiesOfAPlugin() throws {
        let example = try BuiltPlugin(BuiltPlugin.example)
        let text = try CommandTests.tool("patchers", "--plugin", example.path)
        #expect(text.status == 0 && text.output.contains("can: aux subprogs lines\n"), "\(text)")
        let found = try CommandTests.tool("patchers", "--plugin", example.path, "--json")
        let rows = try JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [[String: Any]] ?? []
        #expect(rows.first?["name"] as? String == "example")
        #expect(rows.first?["capabilities"] as? [String] == ["aux", "subprogs", "lines"])
    }

    /// Command lines, and a part of the one-line error.
    @Test func unusablePluginIsRefusedInOneLine() throws {
        let example = try BuiltPlugin(BuiltPlugin.example)
        let again = try BuiltPlugin(BuiltPlugin.example)
        let taken = try CommandTests.wrongExample(name: "delta-array")
        let source = BuiltPlugin.example[0]
        let table: [(words: [String], error: String)] = [
            (["run", "--plugin", source], "\(source): cannot be loaded as a library"),
            (["replay", source, "--plugin", "/nowhere.so"], "/nowhere.so: cannot be read"),
            (
                ["run", "--plugin", example.path, "--plugin", again.path],
                "has the same name 'example' as \(example.path)"
            ),
            (["run", "--plugin", example.path, "--plugin", example.path], "is named twice"),
            (["scale", "--plugin", taken.path], "its name 'delta-array' is that of another patcher"),
            (["apply", "--plugin", taken.path], "its name 'delta-array' is that of another patcher"),
            (["patchers", "--plugin", taken.path], "its name 'delta-array' is that of another patcher"),
        ]
        for (words, error) in table {
            let found = try BuiltPlugin.runTool(words)
            // Two plug-ins with one name are wrong usage.
            let isTwice = error == "is named twice" || error.hasPrefix("has the same name")
            #expect(found.status == (isTwice ? 64 : 1) && found.output.isEmpty, "\(words): \(found)")
            #expect(found.errors.contains(error) && found.errors.hasPrefix("error: "), "\(words): \(found.errors)")
            #expect(found.errors.split(separator: "\n").count == 1, "\(words): \(found.errors)")
        }
    }
}
