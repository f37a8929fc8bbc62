import Fuzzing
import Patching

/// A failing case as a campaign finds it, to be minimized: the first small finding of a planted fault of jumps.
package struct FailingCase {
    private let found: Case
    private let bucket: String
    private let minimizer = Minimizer([PlantedPatcher(.backJump)])

    package init() {
        var fuzzer = Fuzzer(seed: 1, shape: CasePool.small, patchers: [PlantedPatcher(.backJump)])
        var index: UInt64 = 0
        while fuzzer.run(index: index) { index += 1 }
        bucket = fuzzer.findings[0].bucket
        found = fuzzer.makeCase(index: index)
    }

    /// Minimizes it; returns the number of candidates.
    @discardableResult
    package func minimize() -> Int { minimizer.minimize(found, bucket: bucket).candidates }
}
