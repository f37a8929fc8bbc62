import ArgumentParser
import Campaign
import Fuzzing
import LinuxBPF

/// The printed replay of cases, shared by `replay` and `kernel replay`.
struct ReplaySession {
    var paths: [String]
    var targets: [String]
    var known: KnownOption
    var fix: FixOptions
    var json: Bool
    /// True if cases may be loaded into the running kernel.
    var usesKernel: Bool
    /// True if no patcher runs the cases.
    var isKernelAlone = false
    /// The plug-ins of the command line.
    var plugins: [PluginFile] = []
    /// The limits of the patchers, on which the case of an engine's input depends.
    var limits: [CaseLimits] = [CaseLimits()]

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
    /// - Returns: the counts, and the result of each case
    /// - Throws: ``CampaignError`` if the list of known buckets or a state cannot be read, or the output cannot be
    ///   written
    func run(
        _ replayer: inout Replayer, note: (Case) -> Void = { _ in }
    ) throws -> (summary: ReplaySummary, results: [TestResult]) {
        let known = try self.known.file.map { path throws(CampaignError) in try KnownBuckets(path: path) }
        let campaigns = try fix.campaigns()
        var summary = ReplaySummary(targets: targets, known: known ?? KnownBuckets())
        var results: [TestResult] = []
        var isWarned = false
        for item in CaseSource.items(paths, limits: limits) {
            let c = try? item.content.get()
            if let c { note(c) }
            if usesKernel && !isWarned && c?.loading != nil {
                complain(Self.warning)
                isWarned = true
            }
            var verdict = replayer.replay(item)
            if let campaigns, let c, verdict.outcome == .passed {
                verdict.fix = campaigns.evidence(for: c, file: item.place)
            }
            let lines = summary.add(verdict, of: item)
            let command = Executable().command(replaying: item.file, isKernel: isKernelAlone, plugins: plugins)
            results.append(
                TestResult(verdict, of: item, known: known ?? KnownBuckets(), repeating: ShellText.of(command)))
            if case .notReadable(let reason) = verdict.outcome { complain("error: \(reason)") }
            if !json { for line in lines { try Output.line(OutputWidth.fit(line)) } }
        }
        return (summary, results)
    }

    /// Prints the end of a replay.
    ///
    /// - Returns: the exit status
    /// - Throws: ``CampaignError`` if there is no case, or the output cannot be written
    func finish(_ summary: ReplaySummary) throws -> ExitCode {
        let idle = summary.idle
        if json {
            try Output.json(summary)
        } else {
            for line in summary.lines { try Output.line(OutputWidth.wrap(line)) }
        }
        for sentence in idle { complain("error: \(sentence)") }
        if !json { try Output.line(summary.lastLine) }
        if summary.failed > 0 { return .findings }
        if summary.notReadable > 0 || !idle.isEmpty { return .failure }
        if summary.passed + summary.known + summary.notRun == 0 {
            throw CampaignError("there is no case in the named files")
        }
        return .success
    }
}
