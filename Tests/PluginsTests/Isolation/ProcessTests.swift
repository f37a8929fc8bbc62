import Foundation
import TestSupport
import Testing
import UserFiles

@testable import Campaign

/// Plug-ins that end their process, use its descriptors, kill its parent or leave children.
@Suite(.serialized) struct ProcessTests {
    private static let source = "\(BuiltPlugin.package)/Tests/Plugins/misbehaving.c"

    private static func build(_ fault: String, _ flags: String...) throws -> BuiltPlugin {
        try BuiltPlugin([source], flags: ["-w", "-DFAULT=\(fault)"] + flags)
    }

    /// Runs the tool. If it hangs, it is killed and the status is 137.
    private static func run(_ words: [String], input: String = "") throws -> BuiltPlugin.Outcome {
        let tool = TestProcess.tool
        return try BuiltPlugin.run("/usr/bin/timeout", ["--signal=KILL", "300", tool] + words, input: input)
    }

    // MARK: apply

    /// A pass with an insertion, and a pass that starts by replacing an exit.
    private static let lines = [1, 0].map { off in
        "{\"name\":\"at \(off)\",\"insns\":[\"9500000000000000\",\"b701000001000000\",\"9500000000000000\"],"
            + "\"passes\":[[{\"off\":\(off),\"remove\":\(1 - off),\"patch\":[\"b701000084030000\"]}]]}\n"
    }

    /// An exit status alone is not trusted: a process must also report that it finished.
    @Test(arguments: [
        ("EXIT", "exit status 0"),
        ("ABORT", "SIGABRT"),
        ("HANG", "within \(ChildExit.seconds(0.5))"),
    ]) func applyNamesTheLineOfACrash(_ fault: String, _ words: String) throws {
        let plugin = try Self.build(fault)
        let apply = try Self.run(
            ["apply", "--timeout", "0.5", "--plugin", plugin.path],
            input: Self.lines[0] + "\n" + Self.lines[0] + Self.lines[1] + Self.lines[0])
        #expect(apply.status == 77, "\(apply)")
        #expect(apply.output.split(separator: "\n").count == 2, "\(apply)")
        #expect(apply.errors.hasPrefix("error: misbehaving ") && apply.errors.contains(words), "\(apply)")
        #expect(apply.errors.contains(" at line 4 of <stdin>;"), "\(apply)")
    }

    // MARK: run

    @Test(arguments: [("CLOSE", "descriptor"), ("TERMINATE", "sigterm")])
    func crashHasTheBucketOfItsCause(_ fault: String, _ kind: String) throws {
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

    /// A plug-in that writes to every descriptor does not end a campaign early. Neither the shared memory nor the reports of
    /// workers are damaged.
    @Test(arguments: ["1", "2"]) func scribblingEndsNoCampaign(_ jobs: String) throws {
        let plugin = try Self.build("SCRIBBLE", "-DEVERY=20")
        let run = try Self.run([
            "run", "--seed", "1", "--cases", "3000", "--jobs", jobs, "--plugin", plugin.path, "--crashes",
            "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 0 && run.output.contains("3,000 cases in"), "\(run)")
    }

    /// A campaign does not wait for children that a plug-in leaves running, even in a new session.
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

    /// Children of a plug-in that hangs, or that is only loaded, are killed with the process that loaded it.
    @Test func orphansAreEnded() throws {
        let plugin = try BuiltPlugin(
            text: """
                #define bpf_patcher_v1 example_v1
                #include "example.c"
                #undef bpf_patcher_v1
                #include <unistd.h>
                /* Foundation waits for every process that has its descriptors. */
                static void leave(void)
                {
                    if (fork())
                        return;
                    setsid();
                    for (int number = 3; number < 1024; number++)
                        close(number);
                    for (;;)
                        sleep(3600);
                }
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
        // They were killed, but may need a moment to die. Listing all processes can take seconds, so rounds are no limit.
        let end = Date() + 60
        while try Date() < end && !processes(with: plugin).isEmpty { usleep(10_000) }
        let left = try processes(with: plugin)
        for process in left { kill(pid_t(process) ?? 0, SIGKILL) }
        #expect(left == [])
    }

    /// A judge that does not answer is killed, even if its own timer does not work.
    @Test func silentJudgeIsEnded() throws {
        let plugin = try Self.build("STOP_PARENT", "-DEVERY=1")
        let seed = "\(BuiltPlugin.package)/Seeds/one-for-one-replacement-moves-nothing.case"
        let replay = try Self.run(["replay", "--timeout", "0.5", "--plugin", plugin.path, seed])
        #expect(replay.status == 77 && replay.output.contains("misbehaving/hang/none/none"), "\(replay)")
        #expect(replay.output.contains("within \(ChildExit.seconds(5.5))"), "\(replay)")
    }

    /// Workers that exit early with a clean status are reported, with the number of cases that did not run.
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

    /// Returns true if a process has a plug-in loaded.
    ///
    /// Uses the tool's own reader: Foundation reads only the first page of a file in /proc.
    private static func isLoaded(_ plugin: BuiltPlugin, in process: some StringProtocol) -> Bool {
        let maps = (try? FileReader.bytes(of: "/proc/\(process)/maps")) ?? []
        return String(decoding: maps, as: UTF8.self).contains(plugin.path)
    }

    /// Garbage in the pipe of answers is a crash of the judge that wrote it, and has no other effect.
    @Test func garbageIsNoAnswer() throws {
        let plugin = try Self.build("SCRIBBLE", "-DEVERY=1")
        let replay = try Self.run(["replay", "--plugin", plugin.path, "\(BuiltPlugin.package)/Seeds"])
        #expect(replay.status == 77 && replay.output.contains("misbehaving/crash/descriptor/none"), "\(replay)")
    }

    /// A plug-in that kills workers repeatedly is named, be it in each case or in one of about a hundred.
    ///
    /// The child may complete a block before it dies, so a few killings may have no effect.
    @Test(arguments: [1, 100]) func killerOfWorkersIsNamed(every: Int) throws {
        let plugin = try Self.build("KILL_PARENT", "-DEVERY=\(every)")
        let run = try Self.run([
            "run", "--seed", "1", "--cases", "100000", "--jobs", "1", "--plugin", plugin.path, "--crashes",
            "\(plugin.folder)/crashes",
        ])
        #expect(run.status == 1 && run.errors.contains("while misbehaving runs case "), "\(run)")
    }

    // MARK: Loading

    /// The time limit of a campaign also limits the loading of plug-ins.
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
            #expect(run.errors.hasPrefix("error: \(plugin.path): ") && run.errors.contains(limit), "\(run)")
        }
    }

    /// Too few descriptors are not attributed to a plug-in. The error names the remedy.
    @Test(arguments: 5...12) func tooFewDescriptorsAreNamed(_ count: Int) throws {
        let plugin = try BuiltPlugin(BuiltPlugin.example)
        let tool = TestProcess.tool
        for words in [[], ["--plugin", plugin.path]] {
            let line = ([tool, "run", "--seed", "1", "--cases", "10", "--crashes", plugin.folder + "/crashes"] + words)
                .joined(separator: " ")
            let run = try BuiltPlugin.run("/bin/sh", ["-c", "ulimit -n \(count) && exec \(line)"])
            if run.status == 0 { continue }
            #expect(run.status == 1 && run.errors.contains("Too many open files; raise their number"), "\(run)")
            #expect(!run.errors.contains("ends the process") && !run.errors.contains("Invalid argument"), "\(run)")
        }
    }

    /// An interrupt while a plug-in is loaded is not attributed to the plug-in.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func interruptWhileLoadingIsReported(_ signal: Int32) throws {
        let plugin = try BuiltPlugin(
            text: """
                #include "example.c"
                #include <unistd.h>
                __attribute__((constructor)) static void wait_for_ever(void) { for (;;) sleep(3600); }
                """)
        let words = [TestProcess.tool, "run", "--seed", "1", "--cases", "10", "--plugin", plugin.path]
        let run = try TestProcess.run(words) { process in
            let children = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
            while process.isRunning {
                let child = try String(contentsOfFile: children, encoding: .utf8).split(separator: " ").first
                if let child, Self.isLoaded(plugin, in: child) { break }
                usleep(1000)
            }
            if process.isRunning { kill(process.processIdentifier, signal) }
        }
        #expect(run.status == 1 && run.errors == "error: interrupted before the first case\n", "\(run)")
    }
}
