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

    /// Neither a child that is left running, be it in a session of its own, nor one that goes on with the work is waited for.
    @Test(arguments: ["CHILD", "SESSION", "FORK"]) func childrenAreNotWaitedFor(_ fault: String) throws {
        let plugin = try Self.build(fault)
        let run = try Self.run([
            "run", "--seed", "1", "--cases", "1000", "--plugin", plugin.path, "--crashes", "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 0 && run.output.contains("1,000 cases in"), "\(run)")
        let replay = try Self.run(["replay", "--plugin", plugin.path, "\(BuiltPlugin.package)/Seeds"])
        #expect(replay.status != 137, "\(replay)")
        #expect(replay.output.contains(" 0 failed, 0 known"), "\(replay)")
        try Self.expectNoneLeft(with: plugin)
    }

    /// What a plug-in leaves running that hangs, or that is only loaded, is ended with the process that it was loaded into.
    @Test func orphansAreEnded() throws {
        let plugin = try BuiltPlugin(
            text: """
                #define bpf_patcher_v1 example_v1
                #include "example.c"
                #undef bpf_patcher_v1
                #include <unistd.h>
                static void leave(void) { if (!fork()) { setsid(); for (;;) sleep(3600); } }
                __attribute__((constructor)) static void load(void) { leave(); }
                static int hang(const struct bpf_patcher_image *in, const struct bpf_patcher_edit *edits,
                                __u32 edit_cnt, struct bpf_patcher_image *out)
                {
                    leave();
                    for (;;)
                        sleep(3600);
                    return 0;
                }
                const struct bpf_patcher *bpf_patcher_v1(void)
                {
                    static struct bpf_patcher patcher;
                    patcher = *example_v1();
                    patcher.apply = hang;
                    return &patcher;
                }
                """)
        let run = try Self.run([
            "run", "--seed", "1", "--time", "2", "--timeout", "0.5", "--plugin", plugin.path, "--crashes",
            "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 77, "\(run)")
        try Self.expectNoneLeft(with: plugin)
        let apply = try Self.run(["apply", "--timeout", "0.5", "--plugin", plugin.path], input: Self.lines[1])
        #expect(apply.status == 77, "\(apply)")
        try Self.expectNoneLeft(with: plugin)
    }

    private static func expectNoneLeft(with plugin: BuiltPlugin) throws {
        // They were sent a signal and need a moment.
        for _ in 0..<3000 {
            if try processes(with: plugin).isEmpty { break }
            usleep(10_000)
        }
        let left = try processes(with: plugin)
        for process in left { kill(pid_t(process) ?? 0, SIGKILL) }
        #expect(left == [])
    }

    /// A judge that says nothing at all is ended, and so is one that cannot watch the time itself.
    @Test func silentJudgeIsEnded() throws {
        let plugin = try Self.build("STOP_PARENT", "-DEVERY=1")
        let seed = "\(BuiltPlugin.package)/Seeds/one-for-one-replacement-moves-nothing.case"
        let replay = try Self.run(["replay", "--timeout", "0.5", "--plugin", plugin.path, seed])
        #expect(replay.status == 77 && replay.output.contains("misbehaving/hang/none/none"), "\(replay)")
        #expect(replay.output.contains("gives no answer within 5.5 s"), "\(replay)")
    }

    /// Workers that end of themselves, as if all were done, leave cases that nobody has run.
    @Test func workersThatEndEarlyAreNamed() throws {
        let plugin = try BuiltPlugin(
            text: """
                #include "example.c"
                #include <fcntl.h>
                #include <unistd.h>
                #include <string.h>
                __attribute__((constructor)) static void end_worker(void)
                {
                    char words[256];
                    int file = open("/proc/self/cmdline", O_RDONLY);
                    ssize_t count = read(file, words, sizeof(words));
                    close(file);
                    if (count > 0 && memmem(words, (size_t)count, "\\0worker", 8))
                        _exit(0);
                }
                """, flags: ["-D_GNU_SOURCE"])
        let run = try Self.run([
            "run", "--seed", "1", "--cases", "300", "--jobs", "2", "--plugin", plugin.path, "--crashes",
            "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 1 && run.errors == "error: \(CampaignReport.lostWorkers)\n", "\(run)")
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

    /// Poison in the pipe of answers is the end of the judge that wrote it, and of nothing else.
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

    /// The time of a campaign is also the limit of what is loaded for it.
    @Test func loadingHasALimit() throws {
        let plugin = try BuiltPlugin(
            text: """
                #include "example.c"
                #include <unistd.h>
                __attribute__((constructor)) static void wait_for_ever(void) { for (;;) sleep(3600); }
                """)
        for (time, limit) in [("1", "3 s"), ("8", "4 s")] {
            let run = try Self.run(["run", "--seed", "1", "--time", time, "--plugin", plugin.path])
            #expect(run.status == 1, "\(run)")
            #expect(
                run.errors == "error: \(plugin.path): is not loaded within \(limit); what it does then takes too long\n"
            )
        }
    }

    /// Too few descriptors are no fault of a plug-in, and the error says what to do.
    @Test(arguments: 5...12) func tooFewDescriptorsAreNamed(_ count: Int) throws {
        let plugin = try BuiltPlugin(BuiltPlugin.example)
        let tool = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("bpf-patch-fuzz").path
        for words in [[], ["--plugin", plugin.path]] {
            let line = ([tool, "run", "--seed", "1", "--cases", "10", "--crashes", plugin.folder + "/crashes"] + words)
                .joined(separator: " ")
            let run = try BuiltPlugin.run("/bin/sh", ["-c", "ulimit -n \(count) && exec \(line)"])
            if run.status == 0 { continue }
            #expect(run.status == 1 && run.errors.contains("Too many open files; raise their number"), "\(run)")
            #expect(!run.errors.contains("ends the process") && !run.errors.contains("Invalid argument"), "\(run)")
        }
    }

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
