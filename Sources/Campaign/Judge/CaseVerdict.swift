import Fuzzing

/// What a process that judges single cases says of one.
public struct CaseVerdict: Codable, Sendable {
    public var findings: [Finding]
    /// The case with what became of it, as a file has it, where the judge knows more of that than who asks.
    public var completed: String?
    /// What became of a case with no finding, where that is not a matter of course.
    public var remark: String?

    /// Why patchers were given no pass of the case, by name; those that were given one are left out.
    public var notRun: [String: String]?

    public init(findings: [Finding], completed: String? = nil, remark: String? = nil, notRun: [String: String]? = nil) {
        self.findings = findings
        self.notRun = notRun
        self.completed = completed
        self.remark = remark
    }
}
