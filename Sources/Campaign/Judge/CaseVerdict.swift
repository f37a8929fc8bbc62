import Fuzzing

/// The verdict of a judge on one case.
package struct CaseVerdict: Codable, Sendable {
    package var findings: [Finding]
    /// The case with the kernel's result, as a case file, or `nil`.
    package var completed: String?
    /// The reason why a case has no finding, or `nil` if it is clean.
    package var remark: String?
    /// The reasons why patchers ran no pass of the case, by name; patchers that ran one are left out.
    package var notRun: [String: String]?

    /// The result of a search for a smaller case, or `nil` for the verdict on a case.
    package var search: Search?

    /// The result of a ``SmallestCase``.
    package struct Search: Codable, Sendable {
        /// The case, as a case file; `nil` if there is none.
        var found: String?
        var tried: UInt64
        var isProven: Bool

        init(_ search: SmallestCase) {
            found = search.found.map(CaseFile.print)
            (tried, isProven) = (search.tried, search.isProven)
        }
    }

    package init(findings: [Finding], completed: String? = nil, remark: String? = nil, notRun: [String: String]? = nil)
    {
        self.findings = findings
        self.notRun = notRun
        self.completed = completed
        self.remark = remark
    }
}
