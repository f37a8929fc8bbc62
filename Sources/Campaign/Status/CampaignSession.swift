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
