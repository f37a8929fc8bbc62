import BPF
import Fuzzing

/// A target that generates, runs and judges cases.
package protocol FuzzTarget: TargetProperties {
    /// Judges the cases that another process sends, until that process ends.
    ///
    /// - Parameter budget: the limits of one case
    /// - Throws: ``CampaignError`` if this process cannot judge cases
    func judge(_ budget: CaseBudget) throws(CampaignError)

    /// Makes the executor of a worker.
    ///
    /// - Parameters:
    ///   - bases: the programs of ``TargetProperties/objects``
    ///   - progress: a word that holds the index of the running target plus 1, or 0 if none is running
    /// - Throws: ``CampaignError`` if this process cannot run cases
    func makeExecutor(
        seed: UInt64, bases: [Program], progress: UnsafeTypedBuffer<Slot, UInt64>
    ) throws(CampaignError) -> any CaseExecutor

    /// Makes the triage of a campaign's findings.
    ///
    /// - Parameters:
    ///   - bases: the programs of ``TargetProperties/objects``
    ///   - host: the program that serves as judge
    func makeTriage(seed: UInt64, bases: [Program], host: any HostProgram) -> any FindingTriage

    /// The part of a report that depends on the kind of target.
    ///
    /// - Parameter seconds: the run time of the campaign
    func report(_ counts: CampaignCounts, cases: UInt64, seconds: Double) -> TargetReport
}

extension CampaignTarget {
    /// The target that generates, runs and judges the cases.
    var fuzzTarget: any FuzzTarget {
        switch self {
        case .patchers(let target): target
        case .kernel(let target): target
        }
    }

    /// Makes a triage for cases from files.
    package func makeTriage(host: any HostProgram) -> any FindingTriage {
        fuzzTarget.makeTriage(seed: 0, bases: [], host: host)
    }
}

/// The executor of a worker: it makes the case of each index, runs and judges it.
///
/// It is made in the worker process and used in forked children, which may die.
package protocol CaseExecutor: AnyObject {
    /// Runs cases one after the other.
    ///
    /// - Parameters:
    ///   - begin: called with each index before its case runs; returns the targets to leave out, a bit each, or `nil` to stop
    ///   - found: called with the findings of a case
    func run(_ indices: Range<UInt64>, begin: (UInt64) -> UInt64?, found: (UInt64, [Finding]) -> Void)

    /// Returns the counters since the last call.
    func takeCounts() -> CampaignCounts

    /// Returns true if the death of a child is attributed to a target at once, without running its case again.
    ///
    /// - Parameters:
    ///   - target: the index of the target that was running, or `nil`
    ///   - isKilled: true if another process sent the signal that ended the child
    func isCertain(target: Int?, isKilled: Bool) -> Bool
}
