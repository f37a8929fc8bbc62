/// A report in workflow commands of GitHub: an annotation for each finding, in a group for each target.
///
/// - Source: GitHub's "Workflow commands for GitHub Actions"
enum GitHubText {
    static func text(_ report: TestReport) -> String {
        var lines: [String] = []
        for result in report.results where result.outcome != .passed {
            lines.append("::group::\(data(result.name))")
            if let error = result.error { lines.append(command("error", title: "not readable", file: nil, error)) }
            if let reason = result.skipped { lines.append(data("skipped: \(reason)")) }
            for fault in result.faults {
                let words = [
                    fault.text, fault.since.map { "first at \($0)" }, fault.repeating.map { "repeat with: \($0)" },
                ].compactMap { $0 }.joined(separator: "\n")
                let title = (fault.isKnown ? "known: " : "") + fault.name
                lines.append(command(fault.isKnown ? "notice" : "error", title: title, file: fault.file, words))
            }
            lines.append("::endgroup::")
        }
        lines += report.failures.map { command("error", title: "bpf-patch-fuzz \(report.command)", file: nil, $0) }
        lines.append(command("notice", title: "bpf-patch-fuzz \(report.command)", file: nil, report.summary))
        return lines.map { $0 + "\n" }.joined()
    }

    private static func command(_ name: String, title: String, file: String?, _ text: String) -> String {
        let place = file.map { "file=\(property($0)),line=1," } ?? ""
        return "::\(name) \(place)title=\(property(title))::\(data(text))"
    }

    /// A message: line breaks and the escape character are escaped.
    private static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    /// A property, which also ends at colons and commas.
    private static func property(_ text: String) -> String {
        data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }
}
