import BPF
import Patching

/// The inner loop of a campaign: makes cases by index and runs each through all patchers and the oracle.
///
/// Made once and reused for the whole run.
package struct Fuzzer: ~Copyable {
    private let seed: UInt64
    private var generator: CaseGenerator
    private var trial: PatcherComparison

    /// Makes a fuzzer.
    ///
    /// - Parameters:
    ///   - bases: real programs, well formed; when there are any, every other case edits one of them
    ///   - workloads: what takes turns, case by case, in making passes; when there are none, passes are random
    ///   - limits: what passes may demand, in turns; with the same limits an index is the same case whatever the patchers
    ///   - beyondContract: whether patchers made of the kernel's functions are given what these do not assume
    ///   - oracle: the oracle that judges
    ///   - describesFindings: false where findings are only counted by their buckets
    ///   - progress: a word in which to keep the number of the patcher that is at work, plus 1; 0 while none is
    package init(
        seed: UInt64, shape: CaseShape = .mixed, bases: [Program] = [], workloads: [Workload] = [],
        limits: [CaseLimits] = [CaseLimits()], patchers: [any Patcher], beyondContract: Bool = false,
        oracle: Oracle = .fast, describesFindings: Bool = true, progress: UnsafeTypedBuffer<Slot, UInt64>? = nil
    ) {
        self.seed = seed
        generator = CaseGenerator(seed: seed, shape: shape, bases: bases, workloads: workloads, limits: limits)
        trial = PatcherComparison(
            patchers, beyondContract: beyondContract, oracle: oracle, describesFindings: describesFindings,
            progress: progress)
    }

    /// What was wrong with the last case.
    package var findings: [Finding] { trial.findings }
    /// What became of the last pass of the last case, by the rules.
    package var status: PatchStatus { trial.status }
    /// How many passes of the last case ran.
    package var passCount: Int { trial.passCount }
    /// Whether the last case was made to be refused.
    package var isMadeToBeRefused: Bool { generator.isMadeToBeRefused }

    /// In how many cases so far a patcher was spared a pass that it cannot do; patchers are numbered as handed in.
    package func sparedCases(of patcher: Int) -> Int { trial.sparedCases(of: patcher) }

    /// In how many cases so far a patcher carried out at least one pass.
    package mutating func ranCases(of patcher: Int) -> Int { trial.ranCases(of: patcher) }

    /// Runs one case; says whether nothing was wrong.
    ///
    /// - Parameter excluded: the patchers that are not asked in this case, a bit for each
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func run(index: UInt64, excluding excluded: UInt64 = 0) -> Bool {
        generator.begin(index: index, into: trial.current)
        trial.begin(excluding: excluded)
        let count = generator.passCount
        for number in 1..<count + 1 {
            let pass = generator.nextPass(for: trial.program)
            if trial.run(pass, isLast: number == count) != .accepted { break }
        }
        return trial.findings.isEmpty
    }

    /// Makes a case by index once more, as a value; passes that no patcher was given are left out.
    ///
    /// - Complexity: O(slots) a pass and linear patcher
    package mutating func makeCase(index: UInt64) -> Case {
        let program = generator.begin(index: index)
        var made = Case(origin: Case.Origin(seed: seed, index: index), program: Program(program), passes: [])
        trial.begin(program)
        for number in 1...generator.passCount {
            let pass = generator.nextPass(for: trial.program)
            made.passes.append(Pass(pass))
            if trial.run(pass, isLast: number == generator.passCount) != .accepted { break }
        }
        return made
    }
}
