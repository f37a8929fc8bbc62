import Fuzzing
import Plugins
import UserFiles

/// Campaigns against the mutants of a kernel tree's functions, which are all in one object.
final class MutantCampaigns {
    /// The settings of the campaigns.
    struct Settings {
        var seed: UInt64
        var jobs: Int
    }

    let plugin: KernelPlugin
    private let settings: Settings
    private let host: any HostProgram
    private let folder: String
    private var file: MutantFile
    private let choice: PatcherChoice

    /// Builds the mutants.
    ///
    /// - Throws: ``CampaignError`` if they cannot be built, ``KernelTreeFault`` or ``PluginError``
    init(
        _ mutants: KernelPlugin.Request.Mutants, of tree: KernelTree, _ settings: Settings, host: any HostProgram
    ) throws {
        self.settings = settings
        self.host = host
        folder = try onFiles { () throws(FileError) in try TemporaryFolder.make() }
        do {
            let path = folder + "/mutants.so"
            var request = KernelPlugin.Request(output: path)
            request.mutants = mutants
            plugin = try KernelPlugin(of: tree, request)
            file = try MutantFile(path)
            choice = try PatcherChoice.plugins([PluginFile(path: path)], host: host)[0]
        } catch {
            TemporaryFolder.remove(folder)
            throw error
        }
    }

    deinit { TemporaryFolder.remove(folder) }

    /// Runs a campaign against a mutant; number 0 is the unchanged code.
    ///
    /// - Parameter isUntilFound: true to end it at the first finding that is not known
    /// - Throws: ``CampaignError`` if it cannot be run
    func run(
        number: Int, time: Double, known: KnownBuckets, isUntilFound: Bool
    ) throws -> CampaignReport {
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
