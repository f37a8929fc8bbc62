import Foundation
import Fuzzing
import LinuxBPF
import TestSupport
import Testing

@testable import Campaign

/// `fuzzer_stats` and `plot_data`, as AFL++'s tools read them.
@Suite struct CampaignStatisticsTests {
    private static let keys = [
        "start_time", "last_update", "run_time", "fuzzer_pid", "cycles_done", "execs_done", "execs_per_sec",
        "corpus_count", "saved_crashes", "saved_hangs", "last_find", "last_crash", "exec_timeout", "peak_rss_mb",
        "afl_banner", "afl_version", "target_mode", "command_line",
    ]
    /// Values that are not measured, and must have AFL++'s values for unknown.
    private static let inventions = [
        "edges_found", "total_edges", "bitmap_cvg", "stability", "max_depth", "slowest_exec_ms", "execs_since_crash",
        "corpus_favored", "corpus_found", "corpus_imported", "cycles_wo_finds",
    ]

    @Test func formIsThatOfAFL() throws {
        let campaign = try KeptCampaign(["--seed", "7", "--cases", "20", "--patcher", "planted-lost-aux"])
        let findings = try campaign.run().report()["findings"] as? [Any] ?? []
        let lines = try String(contentsOfFile: campaign.state + "/fuzzer_stats", encoding: .utf8).split(separator: "\n")
        var values: [String: String] = [:]
        for line in lines {
            #expect(line.dropFirst(18).hasPrefix(": "), "\(line)")
            values[line.prefix(18).trimmingCharacters(in: .whitespaces)] = String(line.dropFirst(20))
        }
        for key in Self.keys { #expect(values[key] != nil, "\(key)") }
        for key in Self.inventions { #expect(values[key] == nil, "\(key)") }
        #expect(values["execs_done"] == "20" && values["saved_crashes"] == String(findings.count))
        #expect(values["afl_banner"] == "state")
        #expect(values["last_find"] == values["last_crash"] && values["last_find"] != "0")
        #expect(values["saved_hangs"] == "0" && values["last_hang"] == "0")
        #expect(values["command_line"]?.hasSuffix("--patcher planted-lost-aux") == true)
        let plot = try String(contentsOfFile: campaign.state + "/plot_data", encoding: .utf8).split(separator: "\n")
        #expect(
            plot.first == """
                # relative_time, cycles_done, cur_item, corpus_count, pending_total, pending_favs, map_size, \
                saved_crashes, saved_hangs, max_depth, execs_per_sec, total_execs, edges_found
                """)
        #expect(plot.count > 1)
        for row in plot.dropFirst() { #expect(row.split(separator: ",").count == 13) }
    }

    @Test(arguments: [
        ("/a/part-1", "1/1", "part-1"), ("b/", "2/3", "b 2/3"), ("/x/a $(b)%s\"`ä", "4/4", "a---b--s--- 4/4"),
        ("/a/b/../c/.", "1/1", "c"),
    ]) func bannerNamesTheStateAndTheShard(_ state: String, _ shard: String, _ banner: String) throws {
        #expect(CampaignStatistics.banner(state: state, shard: try #require(Shard(shard))) == banner)
    }

    /// A session that resumes shortly before a row is due writes it, even if it is killed soon after. Sessions without new
    /// cases add no row.
    @Test func plotGoesOnOverSessions() throws {
        let campaign = try KeptCampaign(["--seed", "7", "--time", "1000"])
        try campaign.runOn()
        func rows() throws -> [Int] {
            let text = try String(contentsOfFile: campaign.state + "/plot_data", encoding: .utf8)
            return text.split(separator: "\n").dropFirst().compactMap { Int($0.prefix { $0 != "," }) }
        }
        try campaign.setTime(999.99)
        try campaign.run()
        let first = try rows()
        #expect((first.last ?? 0) >= 1000, "\(first)")
        try campaign.run()
        #expect(try rows() == first)
        // Rows after the checkpoint are left out.
        try campaign.setTime(4.8)
        let before = first.filter { $0 <= 4 }
        let run = try Tool.run(["run", "--state", campaign.state, "--resume"]) { process in
            try Tool.wait(for: "another row of plot_data", of: process) {
                let now = try rows()
                return now.count > before.count && now != first
            }
            kill(process.processIdentifier, SIGKILL)
        }
        #expect(run.status == -SIGKILL)
        // A row that became due between sessions is written by the next session.
        let after = try rows()
        #expect(after.count == before.count + 1 && after[before.count] >= 5, "\(after)")
    }

    /// The same with a manual clock, so that each row has its exact time.
    @Test func rowsComeWhenTheyAreDue() throws {
        let folder = try Tool.Folder()
        let state = folder.path + "/state"
        let configuration = CampaignConfiguration(
            target: .patchers(PatcherTarget()), cases: .init(seed: 7), output: state + "/crashes")
        func rows() throws -> [Int] {
            let text = try String(contentsOfFile: state + "/plot_data", encoding: .utf8)
            return text.split(separator: "\n").dropFirst().compactMap { Int($0.prefix { $0 != "," }) }
        }
        /// A session with a record at each of some times. The last one ends it, unless it is killed.
        func session(_ times: [Double], isKilled: Bool = false) throws {
            let open =
                try FileManager.default.fileExists(atPath: state)
                ? StateFolder.open(state, host: Tool.host)
                : StateFolder.create(state, restarts: false, target: .patchers(PatcherTarget()), host: Tool.host)
            let clock = HandClock()
            let writer = try CheckpointWriter(
                open, configuration: configuration, known: nil, objects: ObjectCollection(paths: []), host: Tool.host,
                now: { clock.now })
            func progress(_ seconds: Double) -> CheckpointWriter.Progress {
                CheckpointWriter.Progress(
                    next: 1, cases: 128, seconds: seconds, isFinished: false, tail: nil, counts: CampaignCounts(),
                    store: BucketStore(configuration: configuration, bases: [], host: Tool.host, keepsEarlier: false)
                )
            }
            try writer.begin(at: progress(times[0]))
            for (place, time) in times.enumerated() {
                clock.now = Date(timeIntervalSince1970: 1_000_000 + time - times[0])
                try writer.record(progress(time), isLast: !isKilled && place == times.count - 1)
            }
        }
        try session([0.1, 0.3])
        #expect(try rows() == [0])
        try session([0.3, 0.3])
        #expect(try rows() == [0])
        try session([4.8, 4.9, 5.1, 6.2], isKilled: true)
        #expect(try rows() == [0, 5])
        try session([9.6, 17.9, 18, 19.9], isKilled: true)
        #expect(try rows() == [0, 5, 17])
        try session([19.9, 20, 21])
        #expect(try rows() == [0, 5, 17, 20, 21])
    }

    /// Findings of an earlier session are not new, even those of the minimizer or of an incomplete block.
    @Test func resumingFindsNothing() throws {
        let folder = try Tool.Folder()
        let state = folder.path + "/state"
        let configuration = CampaignConfiguration(
            target: .patchers(PatcherTarget()), cases: .init(seed: 7), output: state + "/crashes")
        let clock = HandClock()
        func store() -> BucketStore {
            BucketStore(configuration: configuration, bases: [], host: Tool.host, keepsEarlier: false)
        }
        func progress(_ store: BucketStore) -> CheckpointWriter.Progress {
            CheckpointWriter.Progress(
                next: 1, cases: 128, seconds: 1, isFinished: false, tail: nil, counts: CampaignCounts(), store: store)
        }
        func writer(_ open: StateFolder) throws -> CheckpointWriter {
            try CheckpointWriter(
                open, configuration: configuration, known: nil, objects: ObjectCollection(paths: []), host: Tool.host,
                now: { clock.now })
        }
        let c = Case(program: .init(insns: [.init(code: 0x95)]), passes: [])
        do {
            let open = try StateFolder.create(
                state, restarts: false, target: .patchers(PatcherTarget()), host: Tool.host)
            let (first, found) = (try writer(open), store())
            try first.begin(at: progress(found))
            found.insert("a/hang/none/none", .init(lowest: 1, hits: 1))
            found.early["a/hang/none/patch"] = 2
            found.collateral["a/hang/none/delete"] = .init(
                index: 1, text: CaseFile.print(c), found: c, stored: found.describe(c, "a/hang/none/delete", 1, 0))
            try first.record(progress(found), isLast: true)
            #expect(found.count == 3 && found.hangCount == 3)
        }
        let open = try StateFolder.open(state, host: Tool.host)
        let before = try #require(open.checkpoint)
        #expect(before.times.lastHang == 1_000_000 && before.times.lastFind == 1_000_000)
        try CrashFolder(path: open.crashes).write(
            .init(content: c, text: CaseFile.print(c)), for: "a/hang/none/delete")
        let again = store()
        try again.restore(before)
        #expect(again.count == 3 && again.hangCount == 3)
        clock.now += 500
        let second = try writer(open)
        try second.begin(at: progress(again))
        try second.record(progress(again), isLast: true)
        let after = try Checkpoint.parse(Data(contentsOf: URL(fileURLWithPath: state + "/checkpoint")))
        #expect(after.times.lastHang == 1_000_000 && after.times.lastFind == 1_000_000, "\(after.times)")
    }

    @Test(
        arguments: [
            (0.9, nil, false, false), (4.9, nil, false, false), (5.0, nil, false, true), (6.2, 5, false, false),
            (9.9, 7, false, false), (10.0, 7, false, true), (10.0, 7, true, true), (3.2, nil, true, true),
            (3.2, 3, true, false),
        ] as [(Double, Int?, Bool, Bool)]) func plotRowsAreDue(
            _ at: Double, _ last: Int?, _ isLast: Bool, _ isDue: Bool
        )
    {
        #expect(CampaignStatistics.isPlotDue(at: at, after: last, isLast: isLast) == isDue)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/afl-whatsup")))
    func whatsupCountsTheCampaign() throws {
        let campaign = try KeptCampaign(["--seed", "7", "--patcher", "planted-lost-aux"])
        try campaign.run { process in
            let stats = campaign.state + "/fuzzer_stats"
            try Tool.wait(for: stats, of: process) { FileManager.default.fileExists(atPath: stats) }
            let whatsup = try TestProcess.run(
                ["/usr/bin/afl-whatsup", campaign.folder.path], environment: ["TERM": "dumb", "PATH": "/usr/bin:/bin"])
            let text = whatsup.output
            #expect(whatsup.status == 0)
            #expect(text.contains(">>> state (0 days, 0 hrs) fuzzer PID: \(process.processIdentifier) <<<"))
            #expect(text.contains("Fuzzers alive : 1"), "\(text)")
            #expect(!text.contains("no crashes yet"))
            kill(process.processIdentifier, SIGINT)
        }
    }
}

/// A clock that a test moves.
private final class HandClock {
    var now = Date(timeIntervalSince1970: 1_000_000)
}
