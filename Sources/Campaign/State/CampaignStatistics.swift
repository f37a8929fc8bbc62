import Foundation

/// The statistics of a campaign in the file formats of AFL++, for tools such as `afl-whatsup` and `afl-plot`.
///
/// - Source: AFL++ 4, `write_stats_file` and `maybe_update_plot_file` in `src/afl-fuzz-stats.c`
struct CampaignStatistics {
    /// The interval of rows in `plot_data`, in run time over all sessions.
    ///
    /// - Units: seconds
    static let plotInterval = 5

    /// The first line of `plot_data`.
    static let plotHeader =
        "# relative_time, cycles_done, cur_item, corpus_count, pending_total, pending_favs, map_size, "
        + "saved_crashes, saved_hangs, max_depth, execs_per_sec, total_execs, edges_found\n"

    var times: Checkpoint.Times
    /// - Units: seconds
    var seconds: Double
    var cases: UInt64
    /// The number of programs from objects, or 1 for random programs.
    var programs: Int
    var crashes: Int
    var hangs: Int
    /// The name of the instance; without special characters, since `afl-whatsup` evaluates it in a shell.
    var banner: String
    var command: String
    /// The time limit of a case.
    ///
    /// - Units: milliseconds
    var timeout: Int

    private var rate: Double { Double(cases) / max(seconds, 0.001) }
    private var rateText: String {
        let hundredths = Int((rate * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// The text of `fuzzer_stats`: a key, padded to 18 columns, and a value on each line.
    ///
    /// Coverage, stability and the slowest case are not measured, so their keys are missing. There is no queue. Its keys
    /// are 0, because `afl-whatsup` adds them up.
    func text(now: Int) -> String {
        let rows: [(String, String)] = [
            ("start_time", "\(times.start)"), ("last_update", "\(now)"), ("run_time", "\(Int(seconds))"),
            ("fuzzer_pid", "\(getpid())"), ("cycles_done", "0"),
            ("time_wo_finds", "\(times.lastFind == 0 ? Int(seconds) : max(now - times.lastFind, 0))"),
            ("execs_done", "\(cases)"), ("execs_per_sec", rateText), ("corpus_count", "\(programs)"),
            ("cur_item", "0"), ("pending_favs", "0"), ("pending_total", "0"), ("saved_crashes", "\(crashes)"),
            ("saved_hangs", "\(hangs)"),
            ("last_find", "\(times.lastFind)"), ("last_crash", "\(times.lastCrash)"),
            ("last_hang", "\(times.lastHang)"), ("exec_timeout", "\(timeout)"),
            ("peak_rss_mb", "\(CampaignStatistics.peakMemory)"), ("afl_banner", banner),
            ("afl_version", "bpf-patch-fuzz \(Version.text)"),
            ("target_mode", "default"), ("command_line", command.filter { !$0.isNewline }),
        ]
        return rows.map { key, value in
            key + String(repeating: " ", count: 18 - key.count) + ": \(value)\n"
        }.joined()
    }

    /// A row of `plot_data`.
    var plotRow: String {
        "\(Int(seconds)), 0, 0, \(programs), 0, 0, 0.00%, \(crashes), \(hangs), 1, \(rateText), \(cases), 0\n"
    }

    /// The complete rows of `plot_data` up to a time; a killed campaign may have written later or partial rows.
    static func plot(_ text: String, until seconds: Double) -> String {
        let rows = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().filter { row in
            row.prefix { $0 != "," }.trimmingCharacters(in: .whitespaces).isNumber(atMost: Int(seconds))
        }
        return plotHeader + rows.map { $0 + "\n" }.joined()
    }

    /// The time of the last row of `plot_data`, or `nil`.
    ///
    /// - Units: seconds
    static func lastTime(ofPlot text: String) -> Int? {
        text.split(separator: "\n").last.flatMap { row in Int(row.prefix { $0 != "," }) }
    }

    /// Returns true if a row is due: at each multiple of the interval over all sessions, and at the end of a session.
    static func isPlotDue(at seconds: Double, after last: Int?, isLast: Bool) -> Bool {
        isLast ? Int(seconds) != last : Int(seconds) / plotInterval > (last ?? 0) / plotInterval
    }

    /// The name of an instance: its state folder and its shard.
    ///
    /// `afl-whatsup` passes it to a shell and to `printf`, so special characters become `-`.
    static func banner(state: String, shard: Shard) -> String {
        let name = URL(fileURLWithPath: state).standardizedFileURL.lastPathComponent.map { character in
            character.isASCII && (character.isLetter || character.isNumber || "._".contains(character))
                ? character : "-"
        }
        return String(name) + (shard == .whole ? "" : " \(shard)")
    }

    /// The largest peak memory of this process and of its children that have ended.
    ///
    /// - Units: mebibytes
    private static var peakMemory: Int {
        var most = 0
        for who in [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue] {
            var usage = rusage()
            unsafe getrusage(who, &usage)
            most = max(most, usage.ru_maxrss)
        }
        return most / 1024
    }
}

extension String {
    /// Returns true if the text is a number up to a limit.
    fileprivate func isNumber(atMost limit: Int) -> Bool { Int(self).map { $0 <= limit } ?? false }
}
