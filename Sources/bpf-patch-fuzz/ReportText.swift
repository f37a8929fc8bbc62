import ArgumentParser
import Campaign

extension CampaignReport {
    /// Prints each group of findings and the totals, and with `json` the report as JSON.
    ///
    /// - Parameter allowsUnexplained: true if code that is not understood is no error
    /// - Returns: the exit status, for new findings or gaps
    /// - Throws: ``CampaignError`` if it cannot be written
    @discardableResult
    func print(_ options: ReportOptions, allowsUnexplained: Bool = false) throws -> ExitCode {
        try Output.write(groupText(all: options.all, line: line))
        if let file = self.known { try Output.line("known buckets from \(file)") }
        try Output.line(
            "\(CountText.of(cases, "case")) in \(CountText.grouped(Int(seconds.rounded()))) s, "
                + "\(CountText.grouped(Int(casesPerSecond))) a second, "
                + countText)
        if let text = ended?.text { try Output.line(text) }
        let left = findings.count { $0.isMinimized == false }
        if left > 0 {
            try Output.line(
                "\(CountText.of(left, "bucket")) not minimized: "
                    + (state == nil ? "" : "use --resume, or ") + "'minimize FILE -o FILE'")
        }
        for (name, count) in (results?.patchers?.skipped ?? [:]).sorted(by: { $0.key < $1.key }) {
            try Output.line("\(name) skipped \(CountText.grouped(count)) of them: it does not support a pass")
        }
        for text in (deaths ?? []).compactMap(\.text) { try Output.line(text) }
        if let exhaustive {
            let wrong = Set(findings.map(\.target))
            for line in exhaustive.text(cases: cases, wrong: wrong) { try Output.line(line) }
        }
        if let coverage = results?.patchers?.coverage { try Output.write(coverage.text()) }
        if let kernel = results?.kernel { try Output.write(kernel.text) }
        for part in pluginCoverage ?? [] {
            try Output.line(part.text)
            for missing in part.missing { try Output.line("  \(missing.text)") }
        }
        let words = ShellText.of(Executable().command(running: target))
        if let arguments {
            let options = arguments + (known.map { $0.isEmpty ? [] : ["--known", $0] } ?? [])
            let command = ([words] + options.map(ShellText.word)).joined(separator: " ")
            try Output.line(Self.repeatTitle + command)
        }
        if let state {
            let command = ShellText.of(Executable().command(resuming: state, of: target))
            if parts != nil {
                for shard in missing ?? [] {
                    try Output.line("\(shard) \(shard.hasPrefix("shard ") ? "is" : "are") missing")
                }
                try Output.line("merged into \(state); print this report again with: \(command)")
            } else {
                try Output.line(
                    isFinished
                        ? "kept in \(state), finished; raise its limit with --resume and --cases or --time"
                        : "kept in \(state); resume with: \(command)")
            }
        }
        if options.json { try Output.json(self) }
        let errors = gaps + (allowsUnexplained ? [] : unexplained.map { [$0] } ?? [])
        for error in errors { complain("error: \(error)") }
        return hasNews ? .findings : errors.isEmpty ? .success : .failure
    }

    /// The words before the command that repeats the same cases.
    static let repeatTitle = "repeat with: "

    private func line(of finding: StoredFinding) -> String {
        let times = finding.hits == 1 ? "once" : "\(CountText.grouped(finding.hits)) times"
        let seen =
            finding.isCounted == false
            ? "seen in a block that was not completed"
            : finding.hits == 0 ? "hit only while another was minimized" : "seen \(times)"
        var place = "\(finding.index)"
        if let firsts = finding.firsts, firsts.count > 1 {
            place = firsts.map { "\($0.index) of seed \($0.seed)" }.joined(separator: ", ")
        }
        return
            "\(finding.bucket): \(finding.sentence); \(finding.isKnown == true ? "known, " : "")\(seen), first at \(place): "
            + "\(finding.size)\(finding.isMinimized == false ? ", not minimized" : ""): \(finding.file)"
            + (finding.earlierSeed.map { ", kept from seed \($0)" } ?? "")
    }
}
