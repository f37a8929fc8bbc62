import BPF
import Foundation
import Fuzzing

/// What a campaign puts to the test: how it is named on the command line, and who makes and judges its cases.
public protocol CampaignSubject: Sendable {
    /// The words behind the name of this program that begin such a campaign.
    static var command: [String] { get }
    /// The same for one of its workers.
    var workerCommand: [String] { get }
    /// The arguments of a campaign that say what is put to the test.
    var arguments: [String] { get }
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

    /// The words that begin a process which judges single cases, with all that it must be told.
    ///
    /// - Parameter budget: what one case may take
    func judgeCommand(_ budget: CaseBudget) -> [String]

    /// Makes what runs cases in a worker.
    ///
    /// - Parameters:
    ///   - bases: the programs of ``objects``
    ///   - progress: a word in which to keep the number of the target that is at work, plus 1; 0 while none is
    /// - Throws: ``CampaignError`` when cases cannot be run here
    func makeProbe(
        seed: UInt64, bases: [Program], progress: Row<Slot, UInt64>
    ) throws(CampaignError) -> any CaseProbe

    /// Makes what looks at the findings of a campaign.
    ///
    /// - Parameters:
    ///   - bases: the programs of ``objects``
    ///   - program: the executable that serves as judge
    func makeExaminer(seed: UInt64, bases: [Program], program: URL) -> any CaseExaminer

    /// Makes the case with an index and runs it by itself.
    ///
    /// - Parameters:
    ///   - bases: the programs of ``objects``
    ///   - program: the executable that serves as judge
    /// - Throws: ``CampaignError`` when the case cannot be run
    func runCase(
        _ index: UInt64, seed: UInt64, bases: [Program], program: URL
    ) throws(CampaignError) -> SingleCase

    /// The targets that no case was run with; `nil` for none.
    func neverRun(_ counts: [String: UInt64], cases: UInt64) -> [String]?

    /// Puts into a report what was counted beside cases.
    func describe(_ counts: [String: UInt64], in report: inout CampaignReport)

    /// The oracle that judges a case. Default: the fast one.
    func oracle(for c: Case) -> Oracle
}

extension CampaignSubject {
    public func oracle(for c: Case) -> Oracle { .fast }
}
