import Fuzzing

/// What a process that judges single cases says of one.
package struct CaseVerdict: Codable, Sendable {
    package var findings: [Finding]
    /// The case with what became of it, as a file has it, where the judge knows more of that than who asks.
    package var completed: String?
    /// What became of a case with no finding, where that is not a matter of course.
    package var remark: String?

    /// Why patchers were given no pass of the case, by name; those that were given one are left out.
    package var notRun: [String: String]?

    package init(findings: [Finding], completed: String? = nil, remark: String? = nil, notRun: [String: String]? = nil) {
        self.findings = findings
        self.notRun = notRun
        self.completed = completed
        self.remark = remark
    }
}
