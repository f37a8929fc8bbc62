import Fuzzing

/// A case of a campaign that was run alone.
package struct SingleCase: Sendable {
    /// The case; target and bucket are those of the first finding.
    package var content: Case
    /// The findings, in the order of the targets.
    package var findings: [Finding]
    /// A line for each target.
    package var remarks: [String]

    /// The remark on a target without a finding.
    static let clean = "clean"

    init(_ content: Case, findings: [Finding], report: String? = nil) {
        self.content = content
        self.findings = findings
        remarks = findings.map { "\($0.bucket): \($0.detail)" }
        guard let first = findings.first else { return }
        self.content.target = first.target
        self.content.bucket = first.bucket
        self.content.report = report
    }

    /// A case file with the remarks as comments.
    ///
    /// - Parameter command: the command that makes the case again
    package func text(command: String) -> String {
        let file = CaseFile.print(content)
        let title = file.prefix { $0 != "\n" }
        let comments = (["made by: " + command] + remarks).flatMap { $0.split(separator: "\n") }
        return title + comments.map { "\n# " + $0 }.joined() + file.dropFirst(title.count)
    }
}

extension SingleCase: Encodable {
    private enum Keys: String, CodingKey { case seed, index, text, findings, remarks }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(content.origin?.seed, forKey: .seed)
        try container.encode(content.origin?.index, forKey: .index)
        try container.encode(CaseFile.print(content), forKey: .text)
        try container.encode(findings, forKey: .findings)
        try container.encode(remarks, forKey: .remarks)
    }
}
