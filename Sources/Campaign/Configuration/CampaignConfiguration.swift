/// All that makes a campaign what it is: two campaigns of one configuration run the same cases and judge them in the same way.
///
/// The command line is read into it, workers are sent it, a checkpoint holds it, and a campaign that is resumed is compared
/// with it by `==`. How a campaign is run this time is in ``CampaignSession``.
public struct CampaignConfiguration: Codable, Hashable, Sendable {
    /// The cases of a campaign: each is a pure function of the seed and its index.
    public struct Cases: Codable, Hashable, Sendable {
        /// The source of all random choices.
        public var seed: UInt64
        /// How many cases to run, all shards together, or `nil` for no limit.
        public var limit: UInt64?
        /// The part of the indices to run.
        public var shard: Shard

        public init(seed: UInt64, limit: UInt64? = nil, shard: Shard = .whole) {
            self.seed = seed
            self.limit = limit
            self.shard = shard
        }
    }

    /// What a campaign may use; see ``CaseBudget`` for one case.
    public struct Budget: Codable, Hashable, Sendable {
        /// How long to run, over all sessions, or `nil` for no limit.
        ///
        /// - Units: seconds
        public var time: Double?
        /// The number of worker processes.
        public var jobs: Int

        public init(time: Double? = nil, jobs: Int = 1) {
            self.time = time
            self.jobs = jobs
        }
    }

    public var target: CampaignTarget
    public var cases: Cases
    public var budget: Budget
    /// The folder for findings.
    public var output: String

    /// The folder for findings of a campaign that names none.
    public static let defaultOutput = "Crashes"

    public init(
        target: CampaignTarget, cases: Cases, budget: Budget = Budget(), output: String = defaultOutput
    ) {
        self.target = target
        self.cases = cases
        self.budget = budget
        self.output = output
    }

    /// The target that makes, runs and judges the cases.
    var subject: any CampaignSubject { target.subject }

    /// The configuration that runs the cases below an index again, and no others.
    ///
    /// - Parameter end: the index after the last case, all shards together
    func repeating(end: UInt64) -> CampaignConfiguration {
        var exact = self
        exact.cases.limit = end
        exact.budget.time = nil
        return exact
    }

    /// Returns true if a campaign of another configuration can go on with this one: limits and the number of jobs may differ.
    public func continues(_ other: CampaignConfiguration) -> Bool {
        var same = inState
        same.cases.limit = other.cases.limit
        same.budget = other.budget
        return same == other.inState
    }

    /// The configuration as a state holds it: findings are in the folder of the state itself, wherever that is moved.
    var inState: CampaignConfiguration {
        var kept = self
        kept.output = Self.defaultOutput
        return kept
    }
}
