import BPF
import Foundation
import Fuzzing

/// What a campaign puts to the test: who makes and judges its cases.
package protocol FuzzTarget: Sendable {
    /// What one case may take.
    var budget: CaseBudget { get }
    /// What deaths of a target may cost.
    var deathBudget: DeathBudget { get }
    /// Whom findings can be against, by number.
    var targets: [String] { get }
    /// How many of them, from the first on, are run with cases; what follows only judges.
    var running: Int { get }
    /// Whether a target is not part of this program, and may do anything.
    func isForeign(_ target: Int) -> Bool
    /// Shared objects that are loaded into workers and judges.
    var plugins: [String] { get }
    /// ELF objects and folders that programs are taken from.
    var objects: [String] { get }
    /// The kernel that cases are made for and judged by, in words that are the same as long as it is; empty without one.
    var kernel: [String] { get }

    /// The target as a part of a configuration.
    var target: CampaignTarget { get }

    /// Judges single cases as another process requests them, until that process ends.
    ///
    /// - Parameter budget: what one case may take
    /// - Throws: ``CampaignError`` when cases cannot be judged here
    func judge(_ budget: CaseBudget) throws(CampaignError)

    /// Makes what runs cases in a worker.
    ///
    /// - Parameters:
    ///   - bases: the programs of ``objects``
    ///   - progress: a word in which to keep the number of the target that is at work, plus 1; 0 while none is
    /// - Throws: ``CampaignError`` when cases cannot be run here
    func makeProbe(
        seed: UInt64, bases: [Program], progress: UnsafeTypedBuffer<Slot, UInt64>
    ) throws(CampaignError) -> any CaseExecutor

    /// Makes what looks at the findings of a campaign.
    ///
    /// - Parameters:
    ///   - bases: the programs of ``objects``
    ///   - host: the program that serves as judge
    func makeExaminer(seed: UInt64, bases: [Program], host: any HostProgram) -> any FindingTriage

    /// Makes the case with an index and runs it by itself.
    ///
    /// - Parameters:
    ///   - bases: the programs of ``objects``
    ///   - host: the program that serves as judge
    /// - Throws: ``CampaignError`` when the case cannot be run
    func runCase(
        _ index: UInt64, seed: UInt64, bases: [Program], host: any HostProgram
    ) throws(CampaignError) -> SingleCase

    /// The targets that no case was run with; `nil` for none.
    func neverRun(_ counts: [String: UInt64], cases: UInt64) -> [String]?

    /// Puts into a report what was counted beside cases.
    func describe(_ counts: [String: UInt64], in report: inout CampaignReport)

    /// The oracle that judges a case. Default: the fast one.
    func oracle(for c: Case) -> Oracle
}

extension FuzzTarget {
    package func oracle(for c: Case) -> Oracle { .fast }
}
