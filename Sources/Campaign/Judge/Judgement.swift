import Fuzzing

/// What a process that judges single cases says of one.
public struct Judgement: Codable, Sendable {
    public var findings: [Finding]
    /// The case with what became of it, as a file has it, where the judge knows more of that than who asks.
    public var completed: String?

    public init(findings: [Finding], completed: String? = nil) {
        self.findings = findings
        self.completed = completed
    }
}
