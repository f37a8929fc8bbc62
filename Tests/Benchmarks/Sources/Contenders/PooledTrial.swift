import BPF
import Fuzzing
import Patching

/// A trial of some patchers over the cases of a pool: what a campaign does with a case once it is made.
package final class PooledTrial {
    private let trial: UncheckedBox<PatcherComparison>

    /// Makes a trial; without patchers it is the oracle alone.
    package init(_ patchers: [any Patcher]) { trial = UncheckedBox(PatcherComparison(patchers)) }

    /// Puts one case through all patchers and the oracle; says whether nothing was found.
    @discardableResult
    package func run(_ entry: CasePool.Entry) -> Bool {
        unsafe trial.value.begin(entry.program)
        _ = unsafe trial.value.run(entry.pass, isLast: true)
        return unsafe trial.value.findings.isEmpty
    }

    /// Puts every case of a pool through once; says whether nothing was found.
    @inline(never) @discardableResult
    package func run(_ pool: CasePool) -> Bool {
        var isClean = true
        for number in 0..<pool.count { isClean = run(pool[number]) && isClean }
        return isClean
    }
}
