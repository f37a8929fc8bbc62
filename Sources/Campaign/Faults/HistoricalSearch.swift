import Fuzzing
import Plugins

/// The search for the faults that Linux had, planted in the functions of a kernel tree.
///
/// A fault that the tree still has is mended instead: it must be found in the unchanged functions and not after that.
package final class HistoricalSearch {
    /// The settings of the search.
    package struct Settings: Sendable {
        package var seed: UInt64 = 1
        /// The time limit of a fault.
        ///
        /// - Units: seconds
        package var time = 10.0
        package var jobs = 1

        package init() {}
    }

    /// The result of one fault.
    package struct Trial: Sendable {
        package var fault: HistoricalFault
        /// The changed function, with its file and line; `nil` if nothing was changed.
        package var place: String?
        package var cases: UInt64 = 0
        /// - Units: seconds
        package var seconds = 0.0
        /// The bucket of the first finding; `nil` if the fault was not found.
        package var bucket: String?
        /// The reason why there was no search; `nil` if there was one.
        package var reason: String?

        /// True if a search did not find it.
        package var isMissed: Bool { reason == nil && bucket == nil }
    }

    /// The release of the tree.
    package var release: String { campaigns.plugin.release }
    /// The buckets of the unchanged functions.
    package private(set) var own: [String] = []
    /// The number of cases that the unchanged functions ran.
    package private(set) var unchangedCases: UInt64 = 0
    private var known: KnownBuckets
    private let settings: Settings
    private let campaigns: MutantCampaigns

    /// Plants the faults in a copy of a tree's functions.
    ///
    /// - Throws: ``CampaignError`` if it cannot be built, ``KernelTreeFault`` or ``PluginError``
    package init(in tree: KernelTree, _ settings: Settings, known: KnownBuckets, host: any HostProgram) throws {
        self.settings = settings
        self.known = known
        campaigns = try MutantCampaigns(
            .historical, of: tree, MutantCampaigns.Settings(seed: settings.seed, jobs: settings.jobs), host: host)
        if campaigns.plugin.mutants.isEmpty {
            let reasons = campaigns.plugin.misfits.sorted { $0.key < $1.key }.map(\.value)
            throw CampaignError("no fault fits Linux \(release): \(reasons.joined(separator: "; "))")
        }
    }

    /// The number of faults whose changes fit the tree.
    package var fitting: Int { Set(campaigns.plugin.mutants.map(\.number)).count }

    /// Runs the unchanged functions for ten times as long as a fault; their findings are then known.
    ///
    /// - Throws: ``CampaignError`` if a campaign cannot be run
    package func runUnchanged() throws {
        let report = try campaigns.run(number: 0, time: settings.time * 10, known: known, isUntilFound: false)
        unchangedCases = report.cases
        own = Set(report.findings.map(\.bucket)).sorted()
    }

    /// Searches for the fault at an index of ``HistoricalFault/all``.
    ///
    /// - Throws: ``CampaignError`` if a campaign cannot be run
    package func search(_ index: Int) throws -> Trial {
        let fault = HistoricalFault.all[index]
        var trial = Trial(fault: fault, reason: fault.reason ?? campaigns.plugin.misfits[index + 1])
        guard trial.reason == nil, let mutant = campaigns.plugin.mutants.first(where: { $0.number == index + 1 }) else {
            return trial
        }
        trial.place = "\(mutant.file):\(mutant.line): \(mutant.function)()"
        if !fault.isMended {
            return finish(trial, try run(mutant.number, time: settings.time, except: own, isUntilFound: true))
        }
        let mended = try run(mutant.number, time: settings.time * 10, except: [], isUntilFound: false)
        let left = Set(mended.findings.map(\.bucket))
        let gone = own.filter { !left.contains($0) }
        if gone.isEmpty {
            (trial.cases, trial.seconds) = (mended.cases, mended.seconds)
            return trial
        }
        if gone.allSatisfy(known.contains) {
            trial.reason = "its buckets are in --known: \(gone.joined(separator: ", "))"
            return trial
        }
        return finish(trial, try run(0, time: settings.time * 10, except: Array(left), isUntilFound: true))
    }

    private func run(_ number: Int, time: Double, except own: [String], isUntilFound: Bool) throws -> CampaignReport {
        var report = try campaigns.run(
            number: number, time: time, known: known.adding(own), isUntilFound: isUntilFound)
        let known = known.adding(own)
        report.findings.removeAll { known.contains($0.bucket) }
        return report
    }

    private func finish(_ trial: Trial, _ report: CampaignReport) -> Trial {
        var trial = trial
        (trial.cases, trial.seconds, trial.bucket) = (report.cases, report.seconds, report.findings.first?.bucket)
        return trial
    }
}
