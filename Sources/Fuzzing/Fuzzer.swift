import BPF
import Patching

/// The inner loop of a campaign: makes cases by index and runs each through all patchers and the oracle.
///
/// Made once and reused for the whole run.
public struct Fuzzer: ~Copyable {
    private let seed: UInt64
    private var generator: CaseGenerator
    private var trial: Trial

    /// Makes a fuzzer.
    ///
    /// - Parameters:
    ///   - bases: real programs, well formed; when there are any, every other case edits one of them
    ///   - workloads: what takes turns, case by case, in making passes; when there are none, passes are random
    public init(
        seed: UInt64, shape: CaseShape = .mixed, bases: [Program] = [], workloads: [Workload] = [],
        patchers: [any Patcher], asked: Row<TableIndex, UInt64>? = nil
    ) {
        self.seed = seed
        generator = CaseGenerator(seed: seed, shape: shape, bases: bases, workloads: workloads)
        trial = Trial(patchers, asked: asked)
    }

    /// What was wrong with the last case.
    public var findings: [Finding] { trial.findings }
    /// What became of the last pass of the last case, by the rules.
    public var status: PatchStatus { trial.status }
    /// How many passes of the last case ran.
    public var passCount: Int { trial.passCount }
    /// Whether the last case was made to be refused.
    public var isMadeToBeRefused: Bool { generator.isMadeToBeRefused }

    /// Runs one case; says whether nothing was wrong.
    ///
    /// - Complexity: O(slots) a pass and linear patcher
    public mutating func run(index: UInt64, sparing spared: UInt64 = 0) -> Bool {
        trial.begin(generator.begin(index: index), sparing: spared)
        for number in 1...generator.passCount {
            let pass = generator.nextPass(for: trial.program)
            if trial.run(pass, isLast: number == generator.passCount) != .accepted { break }
        }
        return trial.findings.isEmpty
    }

    /// Makes a case by index once more, as a value; passes that no patcher was given are left out.
    ///
    /// - Complexity: O(slots) a pass and linear patcher
    public mutating func makeCase(index: UInt64) -> Case {
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
