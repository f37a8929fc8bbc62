/// The numbers of a running campaign, for the screen and for metrics.
struct CampaignSnapshot: Equatable, Sendable {
    /// A bucket of the campaign.
    struct Bucket: Equatable, Sendable {
        var name: String
        var hits: UInt64
        /// The run time of the campaign when it was first seen in this session, or `nil`.
        ///
        /// - Units: seconds
        var seen: Double?
        /// True if it is in the list of known buckets.
        var isKnown = false
    }

    /// A target of the campaign.
    struct Target: Equatable, Sendable {
        var name: String
        /// The cases in which it ran a pass.
        var ran: UInt64 = 0
        /// The cases in which it skipped a pass that it does not support.
        var skipped: UInt64 = 0
        /// The number of times that it ended a process.
        var deaths: UInt64 = 0
    }

    /// A part of all cases or programs.
    struct Share: Equatable, Sendable {
        var part: UInt64
        var all: UInt64
        /// The noun of `all`.
        var noun: String
    }

    /// The command without its options.
    var command = ""
    var seed: UInt64 = 0
    /// The newest first; those of earlier sessions last.
    var buckets: [Bucket] = []
    /// The number of buckets whose case is not minimized yet.
    var backlog = 0
    var targets: [Target] = []
    /// The share of refused cases or programs; `nil` if there are none yet.
    var refused: Share?
    /// The coverage in words, or `nil` if it is not known.
    var coverage: String?
    /// The number of workers that run, and of those that were started in place of a killed one.
    var running = 0
    var jobs = 0
    var restarts = 0
    /// The memory of all processes of the campaign without the pages of files.
    ///
    /// - Units: bytes
    var memory: UInt64 = 0
    /// The share of each target in the time of the workers, by its index, and last the one of all other work; empty if
    /// it was not measured.
    var costs: [Double] = []
}
