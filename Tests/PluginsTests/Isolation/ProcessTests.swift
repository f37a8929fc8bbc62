import Foundation
import Testing
import UserFiles

@testable import Campaign

/// Plug-ins that use what belongs to their process, and not to them: its end, its descriptors, its parent and children.
@Suite(.serialized) struct ProcessTests {
    private static let source = "\(BuiltPlugin.package)/Tests/Plugins/misbehaving.c"

    private static func build(_ fault: String, _ flags: String...) throws -> BuiltPlugin {
        try BuiltPlugin([source], flags: ["-w", "-DFAULT=\(fault)"] + flags)
    }

    /// Runs the tool, and kills it with status 137 when it does not end.
    private static func run(_ words: [String], input: String = "") throws -> BuiltPlugin.Outcome {
        let tool = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("bpf-patch-fuzz").path
        return try BuiltPlugin.run("/usr/bin/timeout", ["--signal=KILL", "300", tool] + words, input: input)
    }

    // MARK: apply

    /// A line whose pass puts an instruction before another, and one whose pass starts by replacing an exit.
    private static let lines = [1, 0].map { off in
        "{\"name\":\"at \(off)\",\"insns\":[\"9500000000000000\",\"b701000001000000\",\"9500000000000000\"],"
            + "\"passes\":[[{\"off\":\(off),\"remove\":\(1 - off),\"patch\":[\"b701000084030000\"]}]]}\n"
    }

    /// Only a process that says that it came to its end is believed, whatever its status.
    @Test(arguments: [
        ("EXIT", "misbehaving ends the process with exit status 0"),
        ("ABORT", "misbehaving ends the process with SIGABRT"),
        ("HANG", "misbehaving gives no answer within 0.5 s"),
    ]) func applyNamesTheLineOfADeath(_ fault: String, _ words: String) throws {
        let plugin = try Self.build(fault)
        let apply = try Self.run(
            ["apply", "--timeout", "0.5", "--plugin", plugin.path],
            input: Self.lines[0] + "\n" + Self.lines[0] + Self.lines[1] + Self.lines[0])
        #expect(apply.status == 77, "\(apply)")
        #expect(apply.output.split(separator: "\n").count == 2, "\(apply)")
        #expect(apply.errors == "error: \(words) at line 4 of <stdin>; the rest is not carried out\n")
    }

    // MARK: run

    @Test(arguments: [("CLOSE", "descriptor"), ("TERMINATE", "sigterm")])
    func deathIsFiledByItsCause(_ fault: String, _ kind: String) throws {
        let plugin = try Self.build(fault)
        var seen: [String] = []
        for jobs in ["1", "2"] {
            let crashes = "\(plugin.folder)/crashes-\(jobs)"
            let run = try Self.run([
                "run", "--seed", "1", "--cases", "300", "--jobs", jobs, "--plugin", plugin.path, "--crashes", crashes,
            ])
            #expect(run.status == 77 && run.output.contains("300 cases in"), "\(run)")
            let names = try FileManager.default.contentsOfDirectory(atPath: crashes)
            #expect(names == ["misbehaving--crash--\(kind)--none.case"], "\(run)")
            seen += try names.map { try String(contentsOfFile: "\(crashes)/\($0)", encoding: .utf8) }
            let replay = try Self.run(["replay", "--plugin", plugin.path, crashes])
            #expect(replay.status == 77 && replay.output.contains("misbehaving/crash/\(kind)/none"), "\(replay)")
        }
        #expect(Set(seen).count == 1)
    }

    /// What is written to every descriptor ends no campaign early: not by the memory that processes share, and not by
    /// the reports of workers.
    @Test(arguments: ["1", "2"]) func scribblingEndsNoCampaign(_ jobs: String) throws {
        let plugin = try Self.build("SCRIBBLE", "-DEVERY=20")
        let run = try Self.run([
            "run", "--seed", "1", "--cases", "3000", "--jobs", jobs, "--plugin", plugin.path, "--crashes",
            "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 0 && run.output.contains("3,000 cases in"), "\(run)")
    }

    /// Neither a child that is left running nor one that goes on with the work is waited for.
    @Test(arguments: ["CHILD", "FORK"]) func childrenAreNotWaitedFor(_ fault: String) throws {
        let plugin = try Self.build(fault)
        let run = try Self.run([
            "run", "--seed", "1", "--cases", "1000", "--plugin", plugin.path, "--crashes", "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 0 && run.output.contains("1,000 cases in"), "\(run)")
        let replay = try Self.run(["replay", "--plugin", plugin.path, "\(BuiltPlugin.package)/Seeds"])
        #expect(replay.status != 137, "\(replay)")
        #expect(replay.output.contains(" 0 failed, 0 known"), "\(replay)")
        // They were sent a signal and need a moment.
        for _ in 0..<6000 {
            if try Self.processes(with: plugin).isEmpty { break }
            usleep(10_000)
        }
        #expect(try Self.processes(with: plugin) == [])
    }

    /// The processes that have a plug-in loaded.
    private static func processes(with plugin: BuiltPlugin) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter {
            pid_t($0) != nil && isLoaded(plugin, in: $0)
        }
    }

    /// Whether a process has a plug-in loaded.
    ///
    /// Read by the tool's own reader, since Foundation takes the first page of such a file for the whole.
    private static func isLoaded(_ plugin: BuiltPlugin, in process: some StringProtocol) -> Bool {
        let maps = (try? FileReader.bytes(of: "/proc/\(process)/maps")) ?? []
        return String(decoding: maps, as: UTF8.self).contains(plugin.path)
    }

    /// Garbage in the pipe of answers is the end of the judge that wrote it, and of nothing else.
    @Test func garbageIsNoAnswer() throws {
        let plugin = try Self.build("SCRIBBLE", "-DEVERY=1")
        let replay = try Self.run(["replay", "--plugin", plugin.path, "\(BuiltPlugin.package)/Seeds"])
        #expect(replay.status == 77 && replay.output.contains("misbehaving/crash/descriptor/none"), "\(replay)")
    }

    /// Whoever kills workers again and again is named.
    @Test func killerOfWorkersIsNamed() throws {
        let plugin = try Self.build("KILL_PARENT")
        let run = try Self.run([
            "run", "--seed", "1", "--cases", "300", "--jobs", "1", "--plugin", plugin.path, "--crashes",
            "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 1 && run.errors.contains("while misbehaving is run at case "), "\(run)")
    }

    // MARK: Loading

    /// An interrupt while a plug-in is loaded is not the plug-in's fault.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func interruptWhileLoadingIsSaid(_ signal: Int32) throws {
        let plugin = try BuiltPlugin(
            text: """
                #include "example.c"
                #include <unistd.h>
                __attribute__((constructor)) static void wait_for_ever(void) { for (;;) sleep(3600); }
                """)
        let errors = plugin.folder + "/errors"
        try Data().write(to: URL(fileURLWithPath: errors))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("bpf-patch-fuzz")
        process.arguments = ["run", "--seed", "1", "--cases", "10", "--plugin", plugin.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        let children = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
        while process.isRunning {
            let child = try String(contentsOfFile: children, encoding: .utf8).split(separator: " ").first
            if let child, Self.isLoaded(plugin, in: child) { break }
            usleep(1000)
        }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(try String(contentsOfFile: errors, encoding: .utf8) == "error: interrupted before the first case\n")
    }
}
