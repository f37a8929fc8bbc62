import Foundation
import Testing

/// Plug-ins that do everything that must not end a campaign, from outside.
@Suite(.serialized) struct IsolationTests {
    /// A way to misbehave: its number in `misbehaving.c`, and the bucket that it must be found in.
    struct Way: Sendable, CustomTestStringConvertible {
        var name: String
        var bucket: String
        var testDescription: String { name }
    }

    private static let ways = [
        Way(name: "NULL_POINTER", bucket: "crash/sigsegv/none"), Way(name: "ABORT", bucket: "crash/sigabrt/none"),
        Way(name: "HANG", bucket: "hang/none/none"), Way(name: "MEMORY", bucket: "memory/none/none"),
        Way(name: "PAST_OUTPUT", bucket: "wild-write/insns/none"),
        Way(name: "BEFORE_OUTPUT", bucket: "wild-write/before-insns/patch"),
        Way(name: "INPUT", bucket: "input-written/insns/none"), Way(name: "STATUS", bucket: "bad-status/eperm/patch"),
        Way(name: "UNSTEADY", bucket: "unsteady/status/patch"), Way(name: "EXIT", bucket: "crash/exit/none"),
        Way(name: "STACK", bucket: "crash/stack-overflow/none"),
        Way(name: "PAST_INPUT", bucket: "crash/reads-past-insns/none"),
        Way(name: "DIVIDE", bucket: "crash/sigfpe/none"), Way(name: "CALL_NULL", bucket: "crash/sigsegv/none"),
    ]

    private static let source = "\(BuiltPlugin.package)/Tests/Plugins/misbehaving.c"

    private func build(_ way: String, flags: [String] = []) throws -> BuiltPlugin {
        try BuiltPlugin([Self.source], flags: ["-w", "-DFAULT=\(way)"] + flags)
    }

    /// What a campaign prints, and the findings of its report.
    private func run(_ plugin: BuiltPlugin, _ more: [String]) throws -> (
        report: [String: Any], findings: [[String: Any]]
    ) {
        let outcome = try BuiltPlugin.runTool(
            ["run", "--seed", "1", "--json", "--plugin", plugin.path, "--crashes", "\(plugin.folder)/crashes"] + more)
        #expect(outcome.status == 77, "\(outcome)")
        let line = outcome.output.split(separator: "\n").last.map(String.init) ?? ""
        let report = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        return (report, report["findings"] as? [[String: Any]] ?? [])
    }

    /// The cases that were run, and those that were not because the only target was left out.
    private static func allCases(_ report: [String: Any]) -> Int {
        (report["cases"] as? Int ?? 0) + (report["not_run"] as? Int ?? 0)
    }

    /// Each is a finding of its own rule, minimized to the least there is, and all cases are run all the same.
    @Test(arguments: ways) func misbehavingIsAFinding(_ way: Way) throws {
        let plugin = try build(way.name)
        let (report, findings) = try run(
            plugin, ["--cases", "300", "--timeout", way.name == "HANG" ? "0.3" : "20", "--memory", "200"])
        #expect(IsolationTests.allCases(report) == 300)
        let finding = try #require(
            findings.first { $0["bucket"] as? String == "misbehaving/\(way.bucket)" }, "\(findings)")
        #expect(finding["insns"] as? Int == 1 && finding["edits"] as? Int == 1 && finding["passes"] as? Int == 1)
        let replay = try BuiltPlugin.runTool([
            "replay", "--timeout", way.name == "HANG" ? "0.3" : "20", "--memory", "200", "--plugin", plugin.path,
            finding["file"] as? String ?? "",
        ])
        #expect(replay.status == 77 && replay.output.contains(way.bucket), "\(replay)")
    }

    /// The others are asked about every case, also about those that a plug-in dies of, and whatever the number of jobs.
    @Test func othersGoOnAsIfNothingHappened() throws {
        let plugin = try build("NULL_POINTER")
        // One of the same ability that does nothing wrong, as the cases depend on what each can do.
        let example = try BuiltPlugin(BuiltPlugin.example)
        let planted = try BuiltPlugin.runTool([
            "run", "--seed", "1", "--cases", "1500", "--json", "--patcher", "planted-lost-aux", "--plugin",
            example.path, "--crashes", "\(plugin.folder)/calm",
        ])
        func sightings(_ findings: [[String: Any]], of target: String) -> [String] {
            findings.filter { $0["target"] as? String == target }.map {
                "\($0["bucket"] ?? "") \($0["index"] ?? "") \($0["sightings"] ?? "")"
            }
        }
        let line = planted.output.split(separator: "\n").last.map(String.init) ?? ""
        let report = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        let calm = sightings(report["findings"] as? [[String: Any]] ?? [], of: "planted-lost-aux")
        var deaths: [[String]] = []
        for jobs in ["1", "2"] {
            let (report, findings) = try run(
                plugin, ["--cases", "1500", "--jobs", jobs, "--patcher", "planted-lost-aux"])
            #expect(report["cases"] as? Int == 1500)
            #expect(sightings(findings, of: "planted-lost-aux") == calm)
            deaths.append(sightings(findings, of: "misbehaving"))
        }
        #expect(!calm.isEmpty && deaths[0].count == 1 && deaths[0] == deaths[1], "\(deaths)")
    }

    /// What AddressSanitizer says goes into the finding, without what differs from run to run.
    @Test func sanitizerReportIsInTheFinding() throws {
        let plugin = try build("HEAP", flags: ["-fsanitize=address", "-g"])
        let (_, findings) = try run(plugin, ["--cases", "300"])
        let finding = try #require(findings.first)
        #expect(finding["bucket"] as? String == "misbehaving/crash/asan-heap-buffer-overflow/none")
        let file = finding["file"] as? String ?? ""
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("report: ERROR: AddressSanitizer: heap-buffer-overflow\n"), "\(text)")
        #expect(text.contains(" in misbehave ") && !text.contains("$s") && !text.contains("0x7"), "\(text)")
        try FileManager.default.removeItem(atPath: file)
        _ = try run(plugin, ["--cases", "300"])
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    /// A crash says what was done with which address and in which functions, in the same words every time.
    @Test(arguments: [
        ("NULL_POINTER", "SIGSEGV: writes to address 0x0, next to a null pointer"),
        ("CALL_NULL", "SIGSEGV: jumps to address 0x0, next to a null pointer"),
        ("READ_ONLY", "SIGSEGV: writes to plugin.so+0x"), ("ABORT", "SIGABRT"),
        ("PAST_INPUT", "reads beyond the insns of its input: "), ("DIVIDE", "SIGFPE"),
    ]) func crashSaysWhere(_ fault: String, words: String) throws {
        let plugin = try build(fault)
        let (_, findings) = try run(plugin, ["--cases", "400"])
        let file = try #require(findings.first?["file"] as? String)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let first = text.split(separator: "\n").first { $0.hasPrefix("report: ") } ?? ""
        #expect(first.hasPrefix("report: in misbehave") && first.hasSuffix(" of plugin.so"), "\(text)")
        #expect(!text.contains("$s") && !text.contains("libc"), "\(text)")
        let replay = try BuiltPlugin.runTool(["replay", "--plugin", plugin.path, file])
        #expect(replay.status == 77 && replay.output.contains(words), "\(replay)")
        try FileManager.default.removeItem(atPath: file)
        _ = try run(plugin, ["--cases", "400"])
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    /// Memory that is taken case by case is a finding too, the same for any number of jobs.
    @Test func leakIsAFinding() throws {
        let plugin = try build("LEAK", flags: ["-DEVERY=1"])
        var seen: [String] = []
        for jobs in ["1", "2"] {
            let (report, findings) = try run(
                plugin, ["--cases", "1000", "--timeout", "20", "--memory", "30", "--jobs", jobs])
            #expect(IsolationTests.allCases(report) == 1000)
            #expect(findings.count == 1 && findings.first?["bucket"] as? String == "misbehaving/memory/leak/none")
            let deaths = (report["deaths"] as? [[String: Any]])?.first ?? [:]
            seen.append("\(findings.first?["sightings"] ?? "") \(deaths["memory"] ?? "") \(deaths["left_out"] ?? "")")
        }
        #expect(seen[0] == seen[1], "\(seen)")
    }

    /// A command that has no workers says what ended it.
    @Test func applySaysWhatEndedIt() throws {
        let plugin = try build("NULL_POINTER")
        let script =
            #"{"name":"one","insns":["9500000000000000"],"passes":[[{"off":0,"remove":1,"patch":["9500000000000000"]}]]}"#
        let apply = try BuiltPlugin.runTool(["apply", "--plugin", plugin.path], input: script + "\n")
        #expect(apply.status == 77 && apply.errors.contains("misbehaving ends the process with SIGSEGV"), "\(apply)")
    }

    /// One that does not even let itself be loaded is refused in a line.
    @Test func deadlyConstructorIsRefused() throws {
        let plugin = try BuiltPlugin(
            text: "#include <stdlib.h>\n__attribute__((constructor)) static void die(void) { abort(); }\n")
        let run = try BuiltPlugin.runTool(["run", "--cases", "1", "--plugin", plugin.path])
        #expect(run.status == 1, "\(run)")
        #expect(run.errors == "error: \(plugin.path): ends the process with signal 6 when it is loaded\n")
    }
}
