import Foundation
import Fuzzing

extension TestReport {
    /// The results of a campaign: one test for each target, with its buckets as findings.
    ///
    /// - Parameters:
    ///   - report: a report whose findings are marked
    ///   - command: the command without its options
    ///   - host: the program whose commands repeat the findings
    ///   - isDrawn: true to draw the cases
    package init(_ report: CampaignReport, command: String, host: any HostProgram, isDrawn: Bool = false) {
        self.init(
            command: command,
            summary: "\(CountText.of(report.cases, "case")) in \(CountText.grouped(Int(report.seconds.rounded()))) s, "
                + "\(CountText.grouped(Int(report.casesPerSecond))) a second, \(report.countText)")
        seconds = report.seconds
        began = Date().addingTimeInterval(-report.seconds)
        facts = [
            Fact("seed", String(report.seed)), Fact("cases", String(report.cases)), Fact("jobs", String(report.jobs)),
            Fact("cases_per_second", String(Int(report.casesPerSecond))),
        ]
        if let release = report.results?.kernel?.release { facts.append(Fact("kernel", release)) }
        if let state = report.state { facts.append(Fact("state", state)) }
        if let arguments = report.arguments {
            repeating = ShellText.of(host.command(running: report.target) + arguments)
        }
        failures = report.gaps
        campaign = report
        if let state = report.state { history = HistoryPoint.read(state) }
        json = (try? Output.jsonText(report)) ?? "{}"

        let properties = report.target.properties
        var names = Array(properties.targets.prefix(properties.running))
        for finding in report.findings where !names.contains(finding.target) { names.append(finding.target) }
        let idle = Set(report.neverRun ?? [])
        let found = Dictionary(grouping: report.findings, by: \.target)
        results = names.map { name in
            let faults = (found[name] ?? []).sorted { $0.bucket < $1.bucket }.map { Self.fault($0, report, host) }
            return TestResult(name, faults: faults, skipped: idle.contains(name) ? "it ran no case" : nil)
        }
        if isDrawn { CasePainter(plugins: report.plugins, host: host).paint(&self) }
    }

    private static func fault(
        _ finding: StoredFinding, _ report: CampaignReport, _ host: any HostProgram
    ) -> TestFault {
        var fault = TestFault(bucket: finding.bucket, target: finding.target, sentence: finding.sentence)
        fault.detail = finding.detail
        fault.file = finding.file
        fault.isKnown = finding.isKnown == true
        let firsts = finding.firsts ?? [FirstHit(seed: report.seed, index: finding.index)]
        fault.since =
            "case " + firsts.map { "\($0.index) of seed \($0.seed)" }.joined(separator: ", ")
            + (finding.earlierSeed.map { "; the file is from an earlier campaign, of seed \($0)" } ?? "")
            + (report.results?.kernel.map { "; kernel \($0.release)" } ?? "")
        let isForeign = finding.target != Finding.kernelTarget && PatcherChoice(name: finding.target) == nil
        fault.repeating = ShellText.of(
            host.command(
                replaying: finding.file, isKernel: finding.target == Finding.kernelTarget,
                plugins: isForeign ? report.plugins : []))
        return fault
    }

    /// Reads the case files of the findings, for the formats that contain them.
    package mutating func readCases() {
        for result in results.indices {
            for fault in results[result].faults.indices {
                guard results[result].faults[fault].listing == nil, let file = results[result].faults[fault].file,
                    let data = try? WholeFile.read(file)
                else { continue }
                results[result].faults[fault].listing = String(bytes: data, encoding: .utf8)
            }
        }
    }
}
