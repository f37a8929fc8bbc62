import Fuzzing

/// The configuration of a campaign: two campaigns with equal ones run the same cases and judge them in the same way.
///
/// It is parsed from the command line, sent to workers, stored in the checkpoint, and compared by `==` on resume. The
/// settings of a single session are in ``CampaignSession``.
package struct CampaignConfiguration: Codable, Hashable, Sendable {
    /// The cases of a campaign: each is a pure function of the seed and its index.
    package struct Cases: Codable, Hashable, Sendable {
        /// The source of all random choices.
        package var seed: UInt64
        /// The number of cases of all shards together, or `nil` for no limit.
        package var limit: UInt64?
        /// The part of the indices to run.
        package var shard: Shard

        package init(seed: UInt64, limit: UInt64? = nil, shard: Shard = .whole) {
            self.seed = seed
            self.limit = limit
            self.shard = shard
        }
    }

    /// The time and processes of a campaign; see ``CaseBudget`` for the limits of one case.
    package struct Budget: Codable, Hashable, Sendable {
        /// The run time of all sessions together, or `nil` for no limit.
        ///
        /// - Units: seconds
        package var time: Double?
        /// The number of worker processes.
        package var jobs: Int

        package init(time: Double? = nil, jobs: Int = 1) {
            self.time = time
            self.jobs = jobs
        }
    }

    package var target: CampaignTarget
    package var cases: Cases
    package var budget: Budget
    /// The folder for findings.
    package var output: String

    /// The default folder for findings.
    package static let defaultOutput = "Crashes"

    package init(
        target: CampaignTarget, cases: Cases, budget: Budget = Budget(), output: String = defaultOutput
    ) {
        self.target = target
        self.cases = cases
        self.budget = budget
        self.output = output
    }

    /// The configuration that repeats exactly the cases below an index.
    ///
    /// - Parameter end: the index after the last case, all shards together
    func repeating(end: UInt64) -> CampaignConfiguration {
        var exact = self
        exact.cases.limit = end
        exact.budget.time = nil
        return exact
    }

    /// The target for child processes, which write programs that they are about to run to the folder for findings.
    var workingTarget: CampaignTarget {
        guard var kernel = target.kernel else { return target }
        kernel.workingFolder = output
        return .kernel(kernel)
    }

    /// Returns true if a campaign of another configuration can resume with this one: only limits and jobs may differ.
    package func continues(_ other: CampaignConfiguration) -> Bool {
        var same = inState
        same.cases.limit = other.cases.limit
        same.budget = other.budget
        return same == other.inState
    }

    /// The configuration stored in a state folder, with the default output: findings are in the state folder itself.
    var inState: CampaignConfiguration {
        var kept = self
        kept.output = Self.defaultOutput
        return kept
    }
}

extension CampaignConfiguration {
    /// The same configuration without cases after the last one of an exhaustive campaign.
    package func bounded(by cases: SmallCases) -> CampaignConfiguration {
        var bounded = self
        bounded.cases.limit = min(self.cases.limit ?? cases.count, cases.count)
        return bounded
    }
}
