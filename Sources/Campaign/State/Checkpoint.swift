import Foundation
import KernelRewrites

/// Where a campaign stands: all that is needed to go on as if it had never stopped.
package struct Checkpoint: Codable, Sendable, Equatable {
    /// One of the campaigns that a state is of: one, or several when states have been merged.
    package struct Part: Codable, Sendable, Equatable, Hashable {
        package var configuration: CampaignConfiguration
        /// The number of cases that were run.
        package var cases: UInt64
        /// What was counted beside cases, by name.
        package var counts: [String: UInt64]?
        /// - Units: seconds
        package var seconds: Double
        /// True if its limit was reached.
        package var isFinished: Bool
        /// The files that its cases and verdicts come from.
        var files: [UsedFile] = []

        enum CodingKeys: String, CodingKey {
            case configuration, cases, counts, seconds, files
            case isFinished = "finished"
        }

        /// The targets that findings can be against.
        var targets: [String] { configuration.fuzzTarget.targets }
        /// The kernel that cases are made for and judged by, or `nil`.
        package var kernel: KernelFacts? { configuration.target.kernel?.facts }
    }

    /// A bucket.
    struct Entry: Codable, Sendable, Equatable {
        var bucket: String
        /// The lowest index of each seed at which it was seen.
        var firsts: [FirstHit]
        var sightings: UInt64
        /// Whether its minimized case is on disk.
        var isStored: Bool
        /// The buckets into which its case slides; `nil` where that is not known.
        var leadsTo: [String]?
    }

    /// A bucket met only while another was minimized.
    struct CollateralFinding: Codable, Sendable, Equatable {
        var bucket: String
        /// The index of the case that led there.
        var index: UInt64
        /// The case as it was met.
        var text: String
        /// Whether its minimized case is on disk.
        var isStored: Bool
        /// The buckets into which its case slides; `nil` where that is not known.
        var leadsTo: [String]?
    }

    /// The last block, when the limit cuts it short: it is run again, whole, when the limit is raised.
    struct Tail: Codable, Sendable, Equatable {
        var block: UInt64
        var cases: UInt64
        var sightings: [BucketHit]
        var counts: [String: UInt64]?
    }

    /// One, which can go on, or those that were merged.
    package var parts: [Part]
    /// Whether it is of merged states, which cannot go on as one.
    package var isMerged = false
    /// Where the list of known buckets is, if there is one.
    package var known: String?
    /// The bpf-patch-fuzz that wrote this: ``Version/text``.
    var version: String?
    /// A bucket of each group that the command of `--on-finding` was run for, and those that it need not be run for.
    var reported: [String]?
    /// The size and time of the program that wrote this.
    var program = ""
    /// The block before which all are done.
    var next: UInt64 = 0
    /// Which targets are given which of the blocks from there on.
    var epoch = Epoch()
    var tail: Tail?
    var entries: [Entry] = []
    var strays: [CollateralFinding] = []
    /// The buckets that were seen in blocks which are not counted yet.
    var early: [EarlyHit] = []
    var times: Times

    /// When things happened.
    ///
    /// - Units: seconds since 1970; 0 for what has not happened
    struct Times: Codable, Sendable, Equatable {
        var start = 0
        var lastFind = 0
        var lastCrash = 0
        var lastHang = 0
    }

    /// How many cases were run.
    package var cases: UInt64 { parts.reduce(0) { $0 + $1.cases } }
    /// What was counted beside them, by name.
    var counts: [String: UInt64] {
        parts.reduce(into: [:]) { $0.merge($1.counts ?? [:], uniquingKeysWith: +) }
    }
    /// How long it took.
    ///
    /// - Units: seconds
    package var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }
}
