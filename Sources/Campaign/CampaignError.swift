/// Why the harness could not do its work; not a finding.
package struct CampaignError: Error, CustomStringConvertible, Sendable {
    /// What could not be done, where, and why, in one line.
    package var description: String
    /// Whether the command line is wrong, whatever the harness can do.
    package var isWrongUse = false

    package init(_ description: String, isWrongUse: Bool = false) {
        self.description = description
        self.isWrongUse = isWrongUse
    }

    /// How many reasons one error names.
    private static let mostReasons = 3

    /// No named object can be used, for these reasons.
    static func noObject(_ refusals: [String]) -> CampaignError {
        let rest = refusals.count - mostReasons
        return CampaignError(
            "none of the objects can be used: " + refusals.prefix(mostReasons).joined(separator: "; ")
                + (rest > 0 ? "; and \(CountText.grouped(rest)) more" : ""))
    }
}
