import BPF
import Fuzzing
import Patching

/// A comparison of patchers on the cases of a pool: the work of a campaign after a case is generated.
package final class PooledComparison {
    private let comparison: UncheckedBox<PatcherComparison>

    /// Makes a comparison; without patchers only the oracle runs.
    package init(_ patchers: [any Patcher]) { comparison = UncheckedBox(PatcherComparison(patchers)) }

    /// Runs one case through all patchers and the oracle; returns true if there is no finding.
    @discardableResult
    package func run(_ entry: CasePool.Entry) -> Bool {
        unsafe comparison.value.begin(entry.program)
        _ = unsafe comparison.value.run(entry.pass, isLast: true)
        return unsafe comparison.value.findings.isEmpty
    }

    /// Runs every case of a pool once; returns true if there is no finding.
    @inline(never) @discardableResult
    package func run(_ pool: CasePool) -> Bool {
        var isClean = true
        for number in 0..<pool.count { isClean = run(pool[number]) && isClean }
        return isClean
    }
}
