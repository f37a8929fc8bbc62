import Foundation
import Testing

/// Plug-ins with crashes, hangs and leaks, which must not end a campaign.
@Suite(.serialized) struct IsolationTests {
    /// A fault of `misbehaving.c` and its expected bucket.
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var bucket: String
        var testDescription: String { name }
    }

    private static let faults = [
        Fault(name: "NULL_POINTER", bucket: "crash/sigsegv/none"), Fault(name: "ABORT", bucket: "crash/sigabrt/none"),
        Fault(name: "HANG", bucket: "hang/none/none"), Fault(name: "MEMORY", bucket: "memory/none/none"),
        Fault(name: "PAST_OUTPUT", bucket: "wild-write/insns/none"),
        Fault(name: "BEFORE_OUTPUT", bucket: "wild-write/before-insns/patch"),
        Fault(name: "INPUT", bucket: "input-written/insns/none"),
        Fault(name: "STATUS", bucket: "bad-status/eperm/patch"),
        Fault(name: "UNSTEADY", bucket: "unsteady/status/patch"), Fault(name: "EXIT", bucket: "crash/exit/none"),
        Fault(name: "STACK", bucket: "crash/stack-overflow/none"),
        Fault(name: "PAST_INPUT", bucket: "crash/reads-past-insns/none"),
        Fault(name: "DIVIDE", bucket: "crash/sigfpe/none"), Fault(name: "CALL_NULL", bucket: "crash/sigsegv/none"),
    ]

    private static let source = "\(BuiltPlugin.package)/Tests/Plugins/misbehaving.c"

    private func build(_ fault: String, flags: [String] = []) throws -> BuiltPlugin {
        try BuiltPlugin([Self.source], flags: ["-w", "-DFAULT=\(fault)"] + flags)
    }

    /// Runs a campaign and returns its report and findings.
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

    /// The number of cases, including those that did not run because the only target was left out.
    private static func allCases(_ report: [String: Any]) -> Int {
        (report["cases"] as? Int ?? 0) + (report["not_run"] as? Int ?? 0)
    }

    /// Each fault is a finding with its own rule, minimized to one instruction and one edit. All cases still run.
    @Test(arguments: faults) func misbehavingIsAFinding(_ fault: Fault) throws {
        let plugin = try build(fault.name)
        let (report, findings) = try run(
            plugin, ["--cases", "300", "--timeout", fault.name == "HANG" ? "0.3" : "20", "--memory", "200"])
        #expect(IsolationTests.allCases(report) == 300)
        let finding = try #require(
            findings.first { $0["bucket"] as? String == "misbehaving/\(fault.bucket)" }, "\(findings)")
        #expect(finding["insns"] as? Int == 1 && finding["edits"] as? Int == 1 && finding["passes"] as? Int == 1)
        let replay = try BuiltPlugin.runTool([
            "replay", "--timeout", fault.name == "HANG" ? "0.3" : "20", "--memory", "200", "--plugin", plugin.path,
            finding["file"] as? String ?? "",
        ])
        #expect(replay.status == 77 && replay.output.contains(fault.bucket), "\(replay)")
    }

    /// The other targets run every case, including those that crash a plug-in, for any number of jobs.
    @Test func othersRunEveryCase() throws {
        let plugin = try build("NULL_POINTER")
        // A clean plug-in with the same capabilities, since the cases depend on them.
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

    /// The finding has the report of AddressSanitizer without the parts that differ between runs.
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

    /// The report of a crash has access, address and functions, and is the same in every run.
    @Test(arguments: [
        ("NULL_POINTER", "SIGSEGV: writes to address 0x0, next to a null pointer"),
        ("CALL_NULL", "SIGSEGV: jumps to address 0x0, next to a null pointer"),
        ("READ_ONLY", "SIGSEGV: writes to plugin.so+0x"), ("ABORT", "SIGABRT"),
        ("PAST_INPUT", "reads beyond the insns of its input: "), ("DIVIDE", "SIGFPE"),
    ]) func crashReportHasItsPlace(_ fault: String, words: String) throws {
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

    /// A slow leak is a finding, the same for any number of jobs.
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

    /// A command without workers reports the signal.
    @Test func applyReportsTheSignal() throws {
        let plugin = try build("NULL_POINTER")
        let script =
            #"{"name":"one","insns":["9500000000000000"],"passes":[[{"off":0,"remove":1,"patch":["9500000000000000"]}]]}"#
        let apply = try BuiltPlugin.runTool(["apply", "--plugin", plugin.path], input: script + "\n")
        #expect(
            apply.status == 77 && apply.errors.contains("misbehaving ") && apply.errors.contains("SIGSEGV"), "\(apply)")
    }

    /// A plug-in that crashes while it is loaded is refused in one line.
    @Test func deadlyConstructorIsRefused() throws {
        let plugin = try BuiltPlugin(
            text: "#include <stdlib.h>\n__attribute__((constructor)) static void die(void) { abort(); }\n")
        let run = try BuiltPlugin.runTool(["run", "--cases", "1", "--plugin", plugin.path])
        #expect(run.status == 1, "\(run)")
        #expect(run.errors.hasPrefix("error: \(plugin.path): ") && run.errors.contains("signal 6"), "\(run)")
    }
}
