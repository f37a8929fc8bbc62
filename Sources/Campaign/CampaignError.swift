import Foundation

/// Why the harness could not do its work; not a finding.
public struct CampaignError: Error, CustomStringConvertible, Sendable {
    /// What could not be done, where, and why, in one line.
    public var description: String
    public init(_ description: String) { self.description = description }

    /// No named object can be used, for these reasons.
    static func noObject(_ refusals: [String]) -> CampaignError {
        CampaignError("none of the objects can be used:\n" + refusals.map { "  \($0)" }.joined(separator: "\n"))
    }
}

extension String {
    /// The first word of a command as a shell reads it back; with an `=` it would be an assignment.
    public var shellQuotedCommand: String { contains("=") ? quoted : shellQuoted }

    /// A word as a shell reads it back.
    public var shellQuoted: String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-")
        if !isEmpty && allSatisfy(plain.contains) { return self }
        return quoted
    }

    private var quoted: String { "'" + replacingOccurrences(of: "'", with: "'\\''") + "'" }
}
