/// A file format of reports, for one kind of reader.
package enum ReportFormat: String, CaseIterable, Sendable {
    case ktap, junit
    case testProgs = "test_progs"
    case sarif, github, mail, json, html

    /// The readers of the format, in a few words.
    package var summary: String {
        switch self {
        case .ktap: "KTAP version 1, for kunit.py and kselftest"
        case .junit: "JUnit XML, for Jenkins, GitLab and others"
        case .testProgs: "the JSON of the BPF selftests' test_progs -J"
        case .sarif: "SARIF 2.1.0, for code scanning"
        case .github: "workflow commands of GitHub"
        case .mail: "plain text of 72 columns, to be sent by a person"
        case .json: "the object of --json"
        case .html: "one page without scripts, with each case drawn"
        }
    }

    /// True if the format contains the text of the cases.
    package var needsCases: Bool { self == .mail || self == .html }

    /// The text of a report.
    package func text(_ report: TestReport) -> String {
        switch self {
        case .ktap: KTAPText.text(report)
        case .junit: JUnitText.text(report)
        case .testProgs: TestProgsText.text(report)
        case .sarif: SARIFText.text(report)
        case .github: GitHubText.text(report)
        case .mail: MailText.text(report)
        case .json: report.json + "\n"
        case .html: HTMLText.text(report)
        }
    }
}
