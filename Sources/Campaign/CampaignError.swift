/// The harness could not do its work; not a finding.
package struct CampaignError: Error, CustomStringConvertible, Sendable {
    /// The failure, its place and its reason, in one line.
    package var description: String
    /// True if the command line is wrong.
    package var isWrongUse = false

    package init(_ description: String, isWrongUse: Bool = false) {
        self.description = description
        self.isWrongUse = isWrongUse
    }

    /// The maximum number of reasons in one error.
    private static let mostReasons = 3

    /// The error if none of the named objects is usable, with the reasons.
    static func noObject(_ refusals: [String]) -> CampaignError {
        let rest = refusals.count - mostReasons
        return CampaignError(
            "none of the objects can be used: " + refusals.prefix(mostReasons).joined(separator: "; ")
                + (rest > 0 ? "; and \(CountText.grouped(rest)) more" : ""))
    }
}
