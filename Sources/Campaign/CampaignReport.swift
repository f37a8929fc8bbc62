/// What a campaign gave.
package struct CampaignReport: Codable, Sendable {
    package var seed: UInt64
    /// How many cases were run with at least one target.
    package var cases: UInt64
    /// How many cases no target was given, since all were left out; `nil` for none.
    package var notRun: UInt64?
    /// - Units: seconds, with what the minimizing of findings took of the time limit, and not what it took after that
    package var seconds: Double
    package var casesPerSecond: Double
    package var jobs: Int
    package var findings: [StoredFinding]
    /// The findings by what one cause explains, as of the last ``mark(_:)``.
    package private(set) var groups: [FindingGroup] = []
    /// What was tested.
    package var target = CampaignTarget.patchers(PatcherTarget())
    /// The plug-ins of the campaign, which its cases need.
    var plugins: [PluginFile] = []
    /// In how many cases a patcher was spared a pass, because it cannot do it or need not be able to, where there were any.
    package var spared: [String: UInt64]?
    /// In how many cases each patcher carried out at least one pass.
    package var ran: [String: UInt64]?
    /// The targets that hung, crashed or took all memory; `nil` for none.
    package var deaths: [Deaths]?
    /// How many programs were handed to the kernel, in a campaign against it; so are those below, up to ``executed``.
    package var loads: UInt64?
    package var accepted: UInt64?
    package var loadsPerSecond: Double?
    package var refused: [Refused]?
    package var coverage: [Coverage]?
    /// What is rewritten in the kinds of programs that were asked for, and never was.
    package var neverSeen: [String]?
    /// How many places of rewritten programs were not understood.
    package var notUnderstood: UInt64?
    /// The release of the kernel.
    package var kernel: String?
    package var leftOut: [LeftOut]?
    /// How many programs were run.
    package var executed: UInt64?
    /// Where the campaign is kept, if it is.
    package var state: String?
    /// The file of those that do not count, which may have been named in an earlier session.
    package var known: String?
    /// The campaigns whose states were merged, or `nil`.
    package var parts: [Part]?
    /// The shards that are not among merged states, though others of their campaigns are, or `nil` when there are all.
    package var missing: [String]?
    /// The parts of merged states that are not finished, each in words; `nil` for none.
    var unfinished: [String]?
    /// Whether workers ended while there were cases left; `nil` for no.
    var hasLostWorkers: Bool?
    /// The arguments that run exactly these cases again, or `nil` when no one campaign does.
    package var arguments: [String]?
    /// Cases that were not answered in time once, and were not tried again before the end; `nil` for none.
    var doubts: [Doubt]?
    /// The targets that were never run, though cases were; `nil` for none.
    var neverRun: [String]?
    /// Why no more cases were run; `nil` for merged states.
    package var ended: End?
    /// Whether it reached its limit, and all findings are minimized.
    package var isFinished = false

    enum CodingKeys: String, CodingKey {
        case seed, cases, seconds, jobs, findings, groups, spared, ran, deaths, state, known, parts, missing, doubts
        case arguments, unfinished
        case loads, accepted, refused, coverage, kernel, executed
        case loadsPerSecond = "loads_per_second"
        case neverSeen = "never_seen"
        case notUnderstood = "not_understood"
        case leftOut = "left_out"
        case casesPerSecond = "cases_per_second"
        case isFinished = "finished"
        case ended
        case neverRun = "never_run"
        case hasLostWorkers = "cut_short"
        case notRun = "not_run"
    }

    /// Why a campaign ends.
    package enum End: String, Codable, Sendable {
        case found, interrupted, finished
        case timeIsUp = "time is up"

        /// What there is to say to a user who did not wait for the limit; `nil` for nothing.
        package var text: String? {
            switch self {
            case .found: "ended with the first finding that counts"
            case .interrupted: "interrupted before its limit"
            case .finished, .timeIsUp: nil
            }
        }
    }

    /// Marks the findings that are in a list of those that do not count, and groups all.
    ///
    /// - Parameter host: writes the command that shows a case
    package mutating func mark(_ known: KnownBuckets, host: any HostProgram) {
        self.known = known.path
        for place in findings.indices { findings[place].isKnown = known.contains(findings[place].bucket) }
        groups = FindingGroups.make(findings, plugins: plugins, host: host)
    }

    /// Whether there is a finding that counts.
    package var hasNews: Bool { findings.contains { $0.isKnown != true } }

    /// One of the campaigns whose states were merged.
    package struct Part: Codable, Sendable, Hashable {
        /// The options that describe the campaign.
        package var arguments: [String]
        package var seed: UInt64
        package var shard: Shard
        package var cases: UInt64
        /// - Units: seconds
        package var seconds: Double
        package var jobs: Int
        /// True if its limit was reached.
        package var isFinished: Bool

        enum CodingKeys: String, CodingKey {
            case arguments, seed, shard, cases, seconds, jobs
            case isFinished = "finished"
        }

        init(_ part: Checkpoint.Part, _ host: any HostProgram) {
            let configuration = part.configuration
            arguments = host.options(of: configuration)
            (seed, shard, jobs) = (configuration.cases.seed, configuration.cases.shard, configuration.budget.jobs)
            (cases, seconds, isFinished) = (part.cases, part.seconds, part.isFinished)
        }
    }
}
