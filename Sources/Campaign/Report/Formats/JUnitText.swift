import Foundation

/// A report in the XML of JUnit, as Jenkins and GitLab read it.
///
/// Each finding is a test case with a failure. A known one is skipped, as pytest does with expected failures.
///
/// - Source: the schema `junit-10.xsd` of the xUnit plug-in of Jenkins
enum JUnitText {
    static func text(_ report: TestReport) -> String {
        let cases =
            report.results.flatMap { Self.cases(of: $0, report) }
            + report.failures.map { failure in
                element(report.command, "harness", "error", type: "harness", failure, failure)
            }
        func count(_ outcome: TestResult.Outcome) -> Int { report.count(outcome) }
        let known = report.faults.count { $0.isKnown }
        let failures = report.faults.count - known
        let errors = count(.error) + report.failures.count
        let name = attribute("bpf-patch-fuzz \(report.command)")
        let properties =
            [TestReport.Fact("version", Version.text)] + report.facts
            + (report.repeating.map { [TestReport.Fact("repeat", $0)] } ?? [])
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites>
            <testsuite name=\(name) tests="\(cases.count)" failures="\(failures)" errors="\(errors)" \
            skipped="\(known + count(.skipped))" time="\(time(report.seconds))" timestamp="\(date(report.began))">
            <properties>
            \(properties.map { "<property name=\(attribute($0.name)) value=\(attribute($0.value))/>\n" }.joined())\
            </properties>
            \(cases.joined())<system-out>\(MarkupText.escaped(report.summary))</system-out>
            </testsuite>
            </testsuites>

            """
    }

    /// The test cases of one result: one for each finding, or one alone.
    private static func cases(of result: TestResult, _ report: TestReport) -> [String] {
        var cases = result.faults.map { fault in
            let words = [
                fault.text, fault.file.map { "case: \($0)" }, fault.since.map { "first at \($0)" },
                fault.repeating.map { "repeat with: \($0)" },
            ].compactMap { $0 }.joined(separator: "\n")
            let type = fault.bucket ?? "expectation"
            return fault.isKnown
                ? element(
                    report.command, fault.name, "skipped", type: "known", "known: " + fault.sentence, words, result)
                : element(report.command, fault.name, "failure", type: type, fault.sentence, words, result)
        }
        if let error = result.error {
            cases.append(element(report.command, result.name, "error", type: "harness", error, error))
        } else if cases.isEmpty {
            cases.append(
                result.skipped.map { element(report.command, result.name, "skipped", type: "skipped", $0, $0) }
                    ?? "<testcase classname=\(attribute(className(report.command))) name=\(attribute(result.name)) "
                    + "time=\"0\"/>\n")
        }
        return cases
    }

    private static func element(
        _ command: String, _ name: String, _ kind: String, type: String, _ message: String, _ text: String,
        _ result: TestResult? = nil
    ) -> String {
        let place = className(command) + (result.map { "." + $0.name } ?? "")
        return "<testcase classname=\(attribute(place)) name=\(attribute(name)) time=\"0\">"
            + "<\(kind) type=\(attribute(type)) message=\(attribute(message))>\(MarkupText.escaped(text))</\(kind)>"
            + "</testcase>\n"
    }

    private static func className(_ command: String) -> String {
        "bpf-patch-fuzz." + command.replacing(" ", with: ".")
    }

    private static func attribute(_ text: String) -> String { "\"" + MarkupText.attribute(text) + "\"" }

    private static func time(_ seconds: Double) -> String { String(format: "%.3f", seconds) }

    /// The time in UTC without a zone, as the schema has it.
    static func date(_ date: Date) -> String {
        String(date.ISO8601Format().dropLast())
    }
}
