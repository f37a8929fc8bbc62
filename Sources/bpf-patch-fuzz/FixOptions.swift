import ArgumentParser
import Campaign

/// The options of `replay` for the figures on a fix.
struct FixOptions: ParsableArguments {
    @Option(
        help: .init("The state folder of a campaign that ran after the fix.", valueName: "dir"))
    var since: String?

    @Option(
        help: .init("The state folder of a campaign that ran before the fix, to compare with.", valueName: "dir"))
    var before: String?

    func validate() throws {
        if before != nil && since == nil {
            throw ValidationError("--before needs --since, the state of a campaign that ran after the fix")
        }
    }

    /// The campaigns; `nil` if none are named.
    ///
    /// - Throws: ``CampaignError`` if a state cannot be read
    func campaigns() throws(CampaignError) -> FixCampaigns? {
        guard let since else { return nil }
        return try FixCampaigns(since: since, before: before, host: Executable())
    }
}
