import Foundation

/// The settings of one session of a campaign, which do not affect its cases.
package struct CampaignSession: Sendable {
    /// The buckets that do not affect the exit status.
    package var known: KnownBuckets
    /// True if the first new finding ends the campaign.
    package var isUntilFound: Bool
    /// The command for each new group of findings, or `nil`.
    package var command: Command?
    /// The time limit of this session, counted from the start of the campaign; `nil` for the limit of the campaign.
    ///
    /// - Units: seconds
    package var time: Double?
    /// True if nothing is written to standard error while the campaign runs.
    package var isSilent = false
    /// True if no progress and no new findings are written to standard error; errors and notes are.
    package var isQuiet = false
    /// The server of the campaign's metrics, or `nil`.
    package var metrics: MetricsServer?
    /// False to leave the finding that ends the campaign as it was seen.
    package var isMinimizing = true
    /// The start of the process.
    package var began = Date()

    /// A shell command of the user.
    package struct Command: Sendable {
        /// The name of its option, for messages.
        package var option: String
        package var text: String

        package init(option: String, text: String) {
            self.option = option
            self.text = text
        }
    }

    package init(
        known: KnownBuckets = KnownBuckets(), isUntilFound: Bool = false, command: Command? = nil, time: Double? = nil
    ) {
        self.known = known
        self.isUntilFound = isUntilFound
        self.command = command
        self.time = time
    }
}
