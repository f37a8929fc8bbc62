import Fuzzing

/// The properties that patchers and a kernel have in common.
package protocol TargetProperties: Sendable {
    /// The limits of one case.
    var budget: CaseBudget { get }
    /// The share of a campaign that deaths of a target may cost.
    var deathBudget: DeathBudget { get }
    /// The target names of findings, by index.
    var targets: [String] { get }
    /// The number of ``targets`` that run cases; those after them only judge.
    var running: Int { get }
    /// Returns true if a target is code from outside this program, which may crash or hang.
    func isForeign(_ target: Int) -> Bool
    /// The shared objects that workers and judges load.
    var plugins: [String] { get }
    /// The ELF objects and folders that provide programs.
    var objects: [String] { get }
    /// The identity of the kernel that cases are made for and judged by; empty for patchers.
    var kernel: [String] { get }
    /// The oracle that judges a case.
    func oracle(for c: Case) -> Oracle
}
