import Fuzzing
import Plugins

/// The search for the mutants of a kernel tree's functions: a campaign against each, until its first finding.
///
/// Findings that the unchanged functions have too do not count.
package final class MutationScore {
    /// The settings of the search.
    package struct Settings: Sendable {
        package var seed: UInt64 = 1
        /// The time limit of a mutant.
        ///
        /// - Units: seconds
        package var time = 5.0
        package var jobs = 1
        /// The number of mutants, spread evenly over all; `nil` for all.
        package var count: Int?

        package init() {}
    }

    /// The result of one mutant.
    package struct Trial: Sendable {
        package var mutant: Mutant
        package var cases: UInt64
        /// - Units: seconds
        package var seconds: Double
        /// The bucket of the first finding; `nil` for a mutant that was not found.
        package var bucket: String?
        /// The reason for which it is equivalent to the unchanged code; `nil` for one that must be found.
        package var equivalence: String?
    }

    /// The mutants to search for.
    package let mutants: [Mutant]
    /// All mutants that compile.
    package let all: [Mutant]
    /// The functions without mutants.
    package let unmutated: [UnmutatedFunction]
    /// The release of the tree.
    package let release: String
    /// The faults of the tree that are mended in the copy, since each would hide mutants.
    package var mended: [HistoricalFault] { campaigns.plugin.mended }
    /// The buckets of the unchanged functions.
    package private(set) var own: [String] = []
    private var known: KnownBuckets
    private let settings: Settings
    private let campaigns: MutantCampaigns

    /// Builds the mutants of a tree.
    ///
    /// - Throws: ``CampaignError`` if they cannot be built, ``KernelTreeFault`` or ``PluginError``
    package init(of tree: KernelTree, _ settings: Settings, known: KnownBuckets, host: any HostProgram) throws {
        self.settings = settings
        self.known = known
        campaigns = try MutantCampaigns(
            .small, of: tree, MutantCampaigns.Settings(seed: settings.seed, jobs: settings.jobs), host: host)
        let all = campaigns.plugin.mutants
        let count = min(settings.count ?? all.count, all.count)
        self.all = all
        mutants = (0..<count).map { all[$0 * all.count / count] }
        (unmutated, release) = (campaigns.plugin.unmutated, campaigns.plugin.release)
    }

    /// Runs the unchanged functions for ten times as long as a mutant; their findings are then known.
    ///
    /// - Throws: ``CampaignError`` if a campaign cannot be run
    package func runUnchanged() throws {
        let report = try campaigns.run(number: 0, time: settings.time * 10, known: known, isUntilFound: false)
        own = Set(report.findings.map(\.bucket)).sorted()
        known = known.adding(own)
    }

    /// The share of the time limit for a mutant that is listed as equivalent: enough to see that many are not.
    private static let listedShare = 0.1

    /// Searches for a mutant.
    ///
    /// - Parameter isListed: true for one that is listed as equivalent
    /// - Throws: ``CampaignError`` if a campaign cannot be run
    package func search(_ mutant: Mutant, isListed: Bool) throws -> Trial {
        let time = settings.time * (isListed ? Self.listedShare : 1)
        let report = try campaigns.run(number: mutant.number, time: time, known: known, isUntilFound: true)
        let found = report.findings.first { !known.contains($0.bucket) }?.bucket
        return Trial(mutant: mutant, cases: report.cases, seconds: report.seconds, bucket: found)
    }
}
