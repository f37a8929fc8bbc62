/// How a campaign is run this time, which makes no difference to its cases.
public struct CampaignSession: Sendable {
    /// The buckets that do not count.
    public var known: KnownBuckets
    /// Whether it ends with the first finding that counts.
    public var isUntilFound: Bool
    /// What `sh -c` runs for each group of findings that counts, or `nil`.
    public var command: String?

    public init(known: KnownBuckets = KnownBuckets(), isUntilFound: Bool = false, command: String? = nil) {
        self.known = known
        self.isUntilFound = isUntilFound
        self.command = command
    }
}
