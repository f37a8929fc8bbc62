import ArgumentParser
import Campaign
import Fuzzing
import LinuxBPF

/// The printed replay of cases, shared by `replay` and `kernel replay`.
struct ReplaySession {
    var paths: [String]
    var targets: [String]
    var known: KnownOption
    var json: Bool
    /// True if cases may be loaded into the running kernel.
    var usesKernel: Bool

    /// The warning before the first load of a case.
    static let warning =
        "note: cases found in a kernel are loaded into the running kernel; a kernel with the fault may warn, become "
        + "tainted or crash"

    /// The warning before the first load of a campaign.
    static let campaignWarning =
        "note: programs are loaded into the running kernel; a kernel with a fault may warn, become tainted or crash"

    /// Runs all cases and prints their outcomes.
    ///
    /// - Parameter note: called with each case that can be read
    /// - Returns: the counts
    /// - Throws: ``CampaignError`` if the list of known buckets cannot be read, or the output cannot be written
    func run(_ replayer: inout Replayer, note: (Case) -> Void = { _ in }) throws -> ReplaySummary {
        let known = try self.known.file.map { path throws(CampaignError) in try KnownBuckets(path: path) }
        var summary = ReplaySummary(targets: targets, known: known ?? KnownBuckets())
        var isWarned = false
        for item in CaseSource.items(paths) {
            let c = try? item.content.get()
            if let c { note(c) }
            if usesKernel && !isWarned && c?.loading != nil {
                complain(Self.warning)
                isWarned = true
            }
            let verdict = replayer.replay(item)
            let lines = summary.add(verdict, of: item)
            if case .notReadable(let reason) = verdict.outcome { complain("error: \(reason)") }
            if !json { for line in lines { try Output.line(OutputWidth.fit(line)) } }
        }
        return summary
    }

    /// Prints the end of a replay and ends with its status.
    ///
    /// - Throws: the exit status unless it is 0
    func finish(_ summary: ReplaySummary) throws {
        let idle = summary.idle
        if json {
            try Output.json(summary)
        } else {
            for line in summary.lines { try Output.line(OutputWidth.wrap(line)) }
        }
        for sentence in idle { complain("error: \(sentence)") }
        if !json { try Output.line(summary.lastLine) }
        if summary.failed > 0 { throw ExitCode.findings }
        if summary.notReadable > 0 || !idle.isEmpty { throw ExitCode.failure }
        if summary.passed + summary.known + summary.notRun == 0 {
            throw stop(CampaignError("there is no case in the named files"))
        }
    }
}
