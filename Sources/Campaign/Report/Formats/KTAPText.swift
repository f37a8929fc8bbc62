/// A report in the Kernel Test Anything Protocol.
///
/// Each target or file is a test; its findings are subtests, with the sentence, the file and the command that repeats
/// it before the line with the result.
///
/// - Source: Linux 6.12, `Documentation/dev-tools/ktap.rst`; for kselftest, `tools/testing/selftests/kselftest.h`
enum KTAPText {
    static func text(_ report: TestReport) -> String {
        let own = report.failures.isEmpty ? 0 : 1
        var lines = ["KTAP version 1", note("\(TestReport.program): \(report.command)"), note(report.summary)]
        if let command = report.repeating { lines.append(note("repeat with: \(command)")) }
        lines.append("1..\(report.results.count + own)")
        for (number, result) in report.results.enumerated() { lines += Self.lines(of: result, number + 1) }
        if own > 0 {
            lines += report.failures.map(note)
            let words = report.failures.map(name).joined(separator: "; ")
            lines.append(
                report.isKselftest && report.count(.failed) == 0
                    ? "ok \(report.results.count + 1) harness # SKIP \(words)"
                    : "not ok \(report.results.count + 1) harness # ERROR \(words)")
        }
        if report.isKselftest { lines.append(totals(report, own)) }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func lines(of result: TestResult, _ number: Int) -> [String] {
        var lines: [String] = []
        if !result.faults.isEmpty {
            lines += ["    KTAP version 1", "    1..\(result.faults.count)"]
            for (place, fault) in result.faults.enumerated() {
                let facts = [
                    fault.text, fault.file.map { "case: \($0)" }, fault.since.map { "first at \($0)" },
                    fault.repeating.map { "repeat with: \($0)" },
                ]
                lines += facts.compactMap { $0 }.flatMap { $0.split(separator: "\n") }.map { "    " + note(String($0)) }
                let status = fault.isKnown ? "ok" : "not ok"
                lines.append("    \(status) \(place + 1) \(name(fault.name))" + (fault.isKnown ? " # XFAIL known" : ""))
            }
        }
        let name = name(result.name)
        switch result.outcome {
        case .passed: lines.append("ok \(number) \(name)")
        case .known: lines.append("ok \(number) \(name) # XFAIL all findings are known")
        case .failed: lines.append("not ok \(number) \(name)")
        case .skipped: lines.append("ok \(number) \(name) # SKIP \(Self.name(result.skipped ?? ""))")
        case .error: lines.append("not ok \(number) \(name) # ERROR \(Self.name(result.error ?? ""))")
        }
        return lines
    }

    /// A line for people.
    private static func note(_ text: String) -> String { "# " + text.replacing("\n", with: " ") }

    /// A description, which must not contain `#`.
    private static func name(_ text: String) -> String {
        text.replacing("\n", with: " ").replacing("#", with: "no. ")
    }

    private static func totals(_ report: TestReport, _ own: Int) -> String {
        let isSkip = own > 0 && report.count(.failed) == 0
        return "# Totals: pass:\(report.count(.passed)) fail:\(report.count(.failed)) xfail:\(report.count(.known)) "
            + "xpass:0 skip:\(report.count(.skipped) + (isSkip ? own : 0)) "
            + "error:\(report.count(.error) + (isSkip ? 0 : own))"
    }
}
