import BPF
import Patching

/// The inner loop of a campaign: makes cases by index and runs each through all patchers and the oracle.
///
/// Made once and reused for the whole run.
package struct Fuzzer: ~Copyable {
    private let seed: UInt64
    private var generator: CaseGenerator
    private var comparison: PatcherComparison

    /// Makes a fuzzer.
    ///
    /// - Parameters:
    ///   - bases: real programs, well formed; if there are any, every other case edits one of them
    ///   - workloads: the sources of passes, cycled by case index; without any, passes are random
    ///   - limits: the limits of passes, cycled by case index; cases depend on them and not on the patchers
    ///   - beyondContract: true to run patchers built from kernel functions beyond the kernel's contract, too
    ///   - oracle: the oracle that judges
    ///   - describesFindings: false if findings are only counted by bucket
    ///   - progress: a word for the number of the running patcher plus 1, or 0
    package init(
        seed: UInt64, shape: CaseShape = .mixed, bases: [Program] = [], workloads: [Workload] = [],
        limits: [CaseLimits] = [CaseLimits()], patchers: [any Patcher], beyondContract: Bool = false,
        oracle: Oracle = .fast, describesFindings: Bool = true, progress: UnsafeTypedBuffer<Slot, UInt64>? = nil
    ) {
        self.seed = seed
        generator = CaseGenerator(seed: seed, shape: shape, bases: bases, workloads: workloads, limits: limits)
        comparison = PatcherComparison(
            patchers, beyondContract: beyondContract, oracle: oracle, describesFindings: describesFindings,
            progress: progress)
    }

    /// The findings of the last case.
    package var findings: [Finding] { comparison.findings }
    /// The status of the last pass of the last case, by the rules.
    package var status: PatchStatus { comparison.status }
    /// The number of passes of the last case that ran.
    package var passCount: Int { comparison.passCount }
    /// True if the last case was generated to be refused.
    package var isMadeToBeRefused: Bool { generator.isMadeToBeRefused }

    /// The number of cases so far in which a patcher skipped an unsupported pass.
    package func skippedCases(of patcher: Int) -> Int { comparison.skippedCases(of: patcher) }

    /// The number of cases so far in which a patcher ran at least one pass.
    package mutating func ranCases(of patcher: Int) -> Int { comparison.ranCases(of: patcher) }

    /// Runs one case; returns true if it has no finding.
    ///
    /// - Parameter excluded: the patchers that do not run in this case, a bit for each
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func run(index: UInt64, excluding excluded: UInt64 = 0) -> Bool {
        generator.begin(index: index, into: comparison.current)
        comparison.begin(excluding: excluded)
        let count = generator.passCount
        for number in 1..<count + 1 {
            let pass = generator.nextPass(for: comparison.program)
            if comparison.run(pass, isLast: number == count) != .accepted { break }
        }
        return comparison.findings.isEmpty
    }

    /// Makes a case by index again, as a value; passes that no patcher ran are left out.
    ///
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func makeCase(index: UInt64) -> Case {
        let program = generator.begin(index: index)
        var made = Case(origin: Case.Origin(seed: seed, index: index), program: Program(program), passes: [])
        comparison.begin(program)
        for number in 1...generator.passCount {
            let pass = generator.nextPass(for: comparison.program)
            made.passes.append(Pass(pass))
            if comparison.run(pass, isLast: number == generator.passCount) != .accepted { break }
        }
        return made
    }
}
