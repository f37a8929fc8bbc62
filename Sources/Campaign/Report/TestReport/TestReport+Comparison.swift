import Foundation

extension TestReport {
    /// The results of a comparison: the findings of PATCHED alone count, those of both are known.
    package init(_ comparison: ComparisonReport, command: String, plugins: [PluginFile], host: any HostProgram) {
        self.init(command: command, summary: comparison.summary)
        seconds = comparison.seconds
        began = Date().addingTimeInterval(-comparison.seconds)
        facts = [
            Fact("base", comparison.base.name), Fact("patched", comparison.patched.name),
            Fact("seed", String(comparison.seed)), Fact("cases", String(comparison.cases)),
        ]
        for (name, side) in [("base", comparison.base), ("patched", comparison.patched)] {
            if let rate = side.casesPerSecond { facts.append(Fact("\(name)_cases_per_second", String(Int(rate)))) }
        }
        failures = comparison.gaps
        json = (try? Output.jsonText(comparison)) ?? "{}"
        func fault(_ finding: StoredFinding, _ since: String, isKnown: Bool) -> TestFault {
            var fault = TestFault(bucket: finding.bucket, target: finding.target, sentence: finding.sentence)
            fault.detail = finding.detail
            fault.file = finding.file
            fault.isKnown = isKnown
            fault.since = "case \(finding.index) of seed \(comparison.seed); \(since)"
            fault.repeating = ShellText.of(host.command(replaying: finding.file, isKernel: false, plugins: plugins))
            return fault
        }
        results = [
            TestResult(
                "patched",
                faults: comparison.added.map {
                    fault($0, "PATCHED has it, BASE does not", isKnown: $0.isKnown == true)
                } + comparison.common.map { fault($0, "BASE has it too", isKnown: true) }),
            TestResult(
                "base", faults: comparison.removed.map { fault($0, "BASE has it, PATCHED does not", isKnown: true) }),
        ]
    }
}
