import Foundation

/// How a campaign is run this time, which makes no difference to its cases.
public struct CampaignSession: Sendable {
    /// The buckets that do not count.
    public var known: KnownBuckets
    /// Whether it ends with the first finding that counts.
    public var isUntilFound: Bool
    /// What `sh -c` runs for each group of findings that counts, or `nil`.
    public var command: Command?
    /// A time limit of this session alone, counted from the beginning of the campaign; `nil` for that of the campaign.
    ///
    /// - Units: seconds
    public var time: Double?
    /// When the command was started.
    public var began = Date()

    /// A command that the user wants to be run.
    public struct Command: Sendable {
        /// The option that gave it, for messages.
        public var option: String
        public var text: String

        public init(option: String, text: String) {
            self.option = option
            self.text = text
        }
    }

    public init(
        known: KnownBuckets = KnownBuckets(), isUntilFound: Bool = false, command: Command? = nil, time: Double? = nil
    ) {
        self.known = known
        self.isUntilFound = isUntilFound
        self.command = command
        self.time = time
    }
}
