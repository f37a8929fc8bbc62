import Foundation

/// How a campaign is run this time, which makes no difference to its cases.
package struct CampaignSession: Sendable {
    /// The buckets that do not count.
    package var known: KnownBuckets
    /// Whether it ends with the first finding that counts.
    package var isUntilFound: Bool
    /// What `sh -c` runs for each group of findings that counts, or `nil`.
    package var command: Command?
    /// A time limit of this session alone, counted from the beginning of the campaign; `nil` for that of the campaign.
    ///
    /// - Units: seconds
    package var time: Double?
    /// When the command was started.
    package var began = Date()

    /// A command that the user wants to be run.
    package struct Command: Sendable {
        /// The option that gave it, for messages.
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
