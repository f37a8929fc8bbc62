import Foundation
import Testing

/// `fuzzer_stats` and `plot_data`, as AFL++'s tools read them.
@Suite struct CampaignStatisticsTests {
    private static let keys = [
        "start_time", "last_update", "run_time", "fuzzer_pid", "cycles_done", "execs_done", "execs_per_sec",
        "corpus_count", "corpus_found", "corpus_imported", "saved_crashes", "saved_hangs", "last_find", "last_crash",
        "exec_timeout", "slowest_exec_ms", "peak_rss_mb", "edges_found", "afl_banner", "afl_version", "target_mode",
        "command_line",
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
        #expect(values["execs_done"] == "20" && values["saved_crashes"] == String(findings.count))
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

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/afl-whatsup")))
    func whatsupCountsTheCampaign() throws {
        let campaign = try KeptCampaign(["--seed", "7", "--patcher", "planted-lost-aux"])
        try campaign.run { process in
            let stats = campaign.state + "/fuzzer_stats"
            while !FileManager.default.fileExists(atPath: stats) { usleep(5_000) }
            let whatsup = Process()
            whatsup.executableURL = URL(fileURLWithPath: "/usr/bin/afl-whatsup")
            whatsup.arguments = [campaign.folder.path]
            whatsup.environment = ["TERM": "dumb", "PATH": "/usr/bin:/bin"]
            let output = Pipe()
            whatsup.standardOutput = output
            try whatsup.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            whatsup.waitUntilExit()
            #expect(whatsup.terminationStatus == 0)
            #expect(text.contains(">>> bpf-patch-fuzz (0 days, 0 hrs) fuzzer PID: \(process.processIdentifier) <<<"))
            #expect(text.contains("Fuzzers alive : 1"), "\(text)")
            #expect(!text.contains("no crashes yet"))
            kill(process.processIdentifier, SIGINT)
        }
    }
}
