/// What a campaign gave.
public struct CampaignReport: Codable, Sendable {
    public var seed: UInt64
    /// How many cases were run with at least one target.
    public var cases: UInt64
    /// How many cases no target was given, since all were left out; `nil` for none.
    public var notRun: UInt64?
    /// - Units: seconds, with what the minimizing of findings took of the time limit, and not what it took after that
    public var seconds: Double
    public var casesPerSecond: Double
    public var jobs: Int
    public var findings: [StoredFinding]
    /// The findings by what one cause explains, as of the last ``mark(_:)``.
    public private(set) var groups: [FindingGroup] = []
    /// What was tested.
    public var target = CampaignTarget.patchers(PatcherTarget())
    /// The plug-ins of the campaign, which its cases need.
    var plugins: [PluginFile] = []
    /// In how many cases a patcher was spared a pass, because it cannot do it or need not be able to, where there were any.
    public var spared: [String: UInt64]?
    /// In how many cases each patcher carried out at least one pass.
    public var ran: [String: UInt64]?
    /// The targets that hung, crashed or took all memory; `nil` for none.
    public var deaths: [Deaths]?
    /// How many programs were handed to the kernel, in a campaign against it; so are those below, up to ``executed``.
    public var loads: UInt64?
    public var accepted: UInt64?
    public var loadsPerSecond: Double?
    public var refused: [Refused]?
    public var coverage: [Coverage]?
    /// What is rewritten in the kinds of programs that were asked for, and never was.
    public var neverSeen: [String]?
    /// How many places of rewritten programs were not understood.
    public var notUnderstood: UInt64?
    /// The release of the kernel.
    public var kernel: String?
    public var leftOut: [LeftOut]?
    /// How many programs were run.
    public var executed: UInt64?
    /// Where the campaign is kept, if it is.
    public var state: String?
    /// The file of those that do not count, which may have been named in an earlier session.
    public var known: String?
    /// The campaigns whose states were merged, or `nil`.
    public var parts: [Part]?
    /// The shards that are not among merged states, though others of their campaigns are, or `nil` when there are all.
    public var missing: [String]?
    /// The parts of merged states that are not finished, each in words; `nil` for none.
    var unfinished: [String]?
    /// Whether workers ended while there were cases left; `nil` for no.
    var hasLostWorkers: Bool?
    /// The arguments that run exactly these cases again, or `nil` when no one campaign does.
    public var arguments: [String]?
    /// Cases that were not answered in time once, and were not tried again before the end; `nil` for none.
    var doubts: [Doubt]?
    /// The targets that were never run, though cases were; `nil` for none.
    var neverRun: [String]?
    /// Why no more cases were run; `nil` for merged states.
    public var ended: End?
    /// Whether it reached its limit, and all findings are minimized.
    public var isFinished = false

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
    public enum End: String, Codable, Sendable {
        case found, interrupted, finished
        case timeIsUp = "time is up"

        /// What there is to say to a user who did not wait for the limit; `nil` for nothing.
        public var text: String? {
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
    public mutating func mark(_ known: KnownBuckets, host: any HostProgram) {
        self.known = known.path
        for place in findings.indices { findings[place].isKnown = known.contains(findings[place].bucket) }
        groups = FindingGroups.make(findings, plugins: plugins, host: host)
    }

    /// Whether there is a finding that counts.
    public var hasNews: Bool { findings.contains { $0.isKnown != true } }

    /// One of the campaigns whose states were merged.
    public struct Part: Codable, Sendable, Hashable {
        /// The options that describe the campaign.
        public var arguments: [String]
        public var seed: UInt64
        public var shard: Shard
        public var cases: UInt64
        /// - Units: seconds
        public var seconds: Double
        public var jobs: Int
        /// True if its limit was reached.
        public var isFinished: Bool

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
