import Fuzzing
import Plugins
import UserFiles

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
    /// The number of all mutants that compile.
    package let all: Int
    /// The functions without mutants.
    package let unmutated: [UnmutatedFunction]
    /// The release of the tree.
    package let release: String
    /// The buckets of the unchanged functions.
    package private(set) var own: [String] = []
    private var known: KnownBuckets
    private let settings: Settings
    private let host: any HostProgram
    private let folder: String
    private var file: MutantFile
    private let choice: PatcherChoice

    /// Builds the mutants of a tree.
    ///
    /// - Throws: ``CampaignError`` if they cannot be built, ``KernelTreeFault`` or ``PluginError``
    package init(of tree: KernelTree, _ settings: Settings, known: KnownBuckets, host: any HostProgram) throws {
        self.settings = settings
        self.known = known
        self.host = host
        folder = try onFiles { () throws(FileError) in try TemporaryFolder.make() }
        do {
            let path = folder + "/mutants.so"
            var request = KernelPlugin.Request(output: path)
            request.mutates = true
            let plugin = try KernelPlugin(of: tree, request)
            let all = plugin.mutants.count
            let count = min(settings.count ?? all, all)
            self.all = all
            mutants = (0..<count).map { plugin.mutants[$0 * all / count] }
            (unmutated, release) = (plugin.unmutated, plugin.release)
            file = try MutantFile(path)
            choice = try PatcherChoice.plugins([PluginFile(path: path)], host: host)[0]
        } catch {
            TemporaryFolder.remove(folder)
            throw error
        }
    }

    deinit { TemporaryFolder.remove(folder) }

    /// Runs the unchanged functions for ten times as long as a mutant; their findings are then known.
    ///
    /// - Throws: ``CampaignError`` if a campaign cannot be run
    package func runUnchanged() throws {
        let report = try campaign(number: 0, time: settings.time * 10, isUntilFound: false)
        own = Set(report.findings.map(\.bucket)).sorted()
        known = known.adding(own)
    }

    /// Searches for a mutant.
    ///
    /// - Throws: ``CampaignError`` if a campaign cannot be run
    package func search(_ mutant: Mutant) throws -> Trial {
        let report = try campaign(number: mutant.number, time: settings.time, isUntilFound: true)
        let found = report.findings.first { !known.contains($0.bucket) }?.bucket
        return Trial(mutant: mutant, cases: report.cases, seconds: report.seconds, bucket: found)
    }

    private func campaign(number: Int, time: Double, isUntilFound: Bool) throws -> CampaignReport {
        // A file of its own for each mutant, since workers map it.
        let path = "\(folder)/mutant-\(number).so"
        try file.write(number, to: path)
        defer { try? SystemCall.unlink(path) }
        let output = try onFiles { () throws(FileError) in try TemporaryFolder.make() }
        defer { TemporaryFolder.remove(output) }
        let configuration = CampaignConfiguration(
            target: .patchers(PatcherTarget([choice.moved { _ in path }])),
            cases: CampaignConfiguration.Cases(seed: settings.seed),
            budget: CampaignConfiguration.Budget(time: time, jobs: settings.jobs), output: output)
        var session = CampaignSession(known: known, isUntilFound: isUntilFound)
        (session.isSilent, session.isMinimizing) = (true, false)
        let campaign = try Campaign(configuration: configuration, host: host, session: session)
        var report = try campaign.run()
        if isUntilFound { report.findings = campaign.reportSoFar.findings }
        return report
    }
}
