import Foundation
import Testing

@testable import Campaign

/// `--plugin NAME=FILE`: two versions of one plug-in in one run.
struct NamedPluginTests {
    /// The example with right or wrong backward jumps.
    private static func build(isWrong: Bool) throws -> BuiltPlugin {
        let text = try String(contentsOfFile: BuiltPlugin.example[0], encoding: .utf8)
        let line = "\toffset = (__s64)map[from + 1 + offset] - map[from] - 1;\n"
        try #require(text.contains(line))
        return try BuiltPlugin(
            text: isWrong
                ? text.replacingOccurrences(of: line, with: line + "\tif (offset < -3)\n\t\toffset++;\n") : text)
    }

    private static func tool(_ words: [String]) throws -> BuiltPlugin.Outcome { try BuiltPlugin.runTool(words) }

    private static func buckets(_ outcome: BuiltPlugin.Outcome) throws -> [String] {
        let line = outcome.output.split(separator: "\n").last ?? ""
        let report = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        return (report["findings"] as? [[String: Any]] ?? []).compactMap { $0["bucket"] as? String }
    }

    /// Arguments of `--plugin` and their meaning; `nil` if refused.
    private static let words: [(word: String, file: PluginFile?)] = [
        ("a.so", PluginFile(path: "a.so")),
        ("./a.so", PluginFile(path: "./a.so")),
        ("new=a.so", PluginFile(path: "a.so", name: "new")),
        ("new=/x/a.so", PluginFile(path: "/x/a.so", name: "new")),
        ("new=./a=b.so", PluginFile(path: "./a=b.so", name: "new")),
        ("6.12-rc1+=a.so", PluginFile(path: "a.so", name: "6.12-rc1+")),
        ("./a=b.so", PluginFile(path: "./a=b.so")),
        ("/x=y/a.so", PluginFile(path: "/x=y/a.so")),
        ("=a.so", nil), ("new=", nil), ("New=a.so", nil), ("a b=a.so", nil), (".new=a.so", nil), ("-x=a.so", nil),
        ("é=a.so", nil), ("delta-array=a.so", nil), ("planted-trap=a.so", nil), ("oracle=a.so", nil),
        ("kernel=a.so", nil), ("pass-check=a.so", nil), ("unknown=a.so", nil), ("all=a.so", nil),
        (String(repeating: "n", count: 65) + "=a.so", nil),
        (
            String(repeating: "n", count: 64) + "=a.so",
            PluginFile(path: "a.so", name: String(repeating: "n", count: 64))
        ),
    ]

    @Test(arguments: words.indices) func argumentIsParsed(_ number: Int) throws {
        let (word, file) = Self.words[number]
        #expect((try? PluginFile(argument: word)) == file, "\(word)")
        guard let file else { return }
        let written = PluginFile.argument(name: file.name, path: file.path)
        #expect(try PluginFile(argument: written) == file, "\(written)")
    }

    @Test func refusedNameIsWrongUsage() throws {
        for word in ["New=a.so", "delta-array=a.so", "new="] {
            for command in ["run", "replay x", "scale", "patchers", "apply", "show x", "minimize x"] {
                let outcome = try Self.tool(command.split(separator: " ").map(String.init) + ["--plugin", word])
                #expect(outcome.status == 64 && outcome.errors.contains(word), "\(command) \(word): \(outcome)")
            }
        }
    }

    @Test func twoVersionsAreDistinguished() throws {
        let (old, new) = (try Self.build(isWrong: false), try Self.build(isWrong: true))
        let words = ["--plugin", "old=\(old.path)", "--plugin", "new=\(new.path)"]
        let state = old.folder + "/state"
        let found = try Self.tool(
            ["run", "--seed", "3", "--cases", "4000", "--jobs", "2", "--json", "--state", state] + words)
        #expect(found.status == 77, "\(found)")
        let buckets = try Self.buckets(found)
        #expect(!buckets.isEmpty && buckets.allSatisfy { $0.hasPrefix("new/") }, "\(buckets)")
        #expect(found.output.contains("--plugin new=\(new.path)") && found.output.contains("--plugin old=\(old.path)"))
        // The state folder stores the names.
        let resumed = try Self.tool(["run", "--state", state, "--resume", "--cases", "6000", "--json"])
        #expect(resumed.status == 77, "\(resumed)")
        #expect(try Self.buckets(resumed).allSatisfy { $0.hasPrefix("new/") })
        let other = try Self.tool(["run", "--state", state, "--resume", "--plugin", "newer=\(new.path)"])
        #expect(other.status == 64 && other.errors.contains("--plugin: the campaign in"), "\(other)")
        // The target name of a case file selects the plug-in.
        let crashes = state + "/crashes"
        let file = crashes + "/" + (buckets[0].replacingOccurrences(of: "/", with: "--")) + ".case"
        let swapped = ["--plugin", "old=\(new.path)", "--plugin", "new=\(old.path)"]
        for command in ["minimize", "show"] {
            let right = try Self.tool([command, file] + words)
            #expect(right.status == 0 && right.output.contains("new"), "\(command): \(right)")
        }
        #expect(try Self.tool(["minimize", file] + swapped).status == 1)
        let replayed = try Self.tool(["replay", file] + words)
        #expect(replayed.status == 77 && replayed.output.contains(buckets[0]), "\(replayed)")
        #expect(!replayed.output.contains("old/"), "\(replayed)")
    }

    @Test func oneFileMayHaveTwoNames() throws {
        let plugin = try Self.build(isWrong: true)
        let found = try Self.tool([
            "run", "--seed", "3", "--cases", "1500", "--json", "--plugin", "a=\(plugin.path)", "--plugin",
            "b=\(plugin.path)", "--crashes", plugin.folder + "/crashes",
        ])
        let buckets = try Self.buckets(found)
        let kinds = ["a", "b"].map { name in
            Set(buckets.filter { $0.hasPrefix(name + "/") }.map { $0.dropFirst(name.count) })
        }
        #expect(!kinds[0].isEmpty && kinds[0] == kinds[1], "\(buckets)")
    }

    /// Shards merge if names and file contents are equal; paths may differ.
    @Test func shardsAreMergedByNameAndContent() throws {
        let plugin = try Self.build(isWrong: true)
        func shard(_ number: Int, _ word: String) throws -> String {
            let state = plugin.folder + "/\(word.prefix { $0 != "=" })-\(number)"
            let words = [
                "--seed", "3", "--cases", "1000", "--shard", "\(number)/2", "--state", state, "--plugin", word,
            ]
            let outcome = try Self.tool(["run"] + words)
            try #require([0, 77].contains(outcome.status), "\(outcome)")
            return state
        }
        let copy = plugin.folder + "/copy.so"
        try FileManager.default.copyItem(atPath: plugin.path, toPath: copy)
        let first = try shard(1, "new=\(plugin.path)")
        let second = try shard(2, "new=\(copy)")
        let whole = try Self.tool(["merge", first, second, "-o", plugin.folder + "/whole", "--json"])
        #expect(whole.status == 77 && !whole.output.contains("missing"), "\(whole)")
        #expect(try Self.buckets(whole).allSatisfy { $0.hasPrefix("new/") })
        let renamed = try shard(2, "newer=\(copy)")
        let mixed = try Self.tool(["merge", first, renamed, "-o", plugin.folder + "/mixed", "--json"])
        #expect(mixed.output.contains("shard 2/2"), "of two campaigns: \(mixed)")
    }
}
