import BPF
import Foundation
import Fuzzing
import KernelRewrites
import LinuxBPF

/// The kernel that is running: programs are loaded into it, and what it made of them is held against the rules.
package struct KernelTarget: FuzzTarget, Codable, Hashable {
    /// What kinds of programs are asked for.
    package var profiles: [ProgramProfile]
    /// Whether programs are also run, with and without what rewrites them.
    package var isExecuting: Bool
    /// What is spoiled on purpose before it is checked, if anything.
    package var plant: InjectedKernelFault?
    /// The kernel at hand.
    package var facts: KernelFacts

    package init(
        _ profiles: [ProgramProfile] = ProgramProfile.allCases, isExecuting: Bool = false,
        plant: InjectedKernelFault? = nil,
        facts: KernelFacts
    ) {
        self.profiles = profiles
        self.isExecuting = isExecuting
        self.plant = plant
        self.facts = facts
    }

    package var target: CampaignTarget { .kernel(self) }

    package func judge(_ budget: CaseBudget) throws(CampaignError) {
        let server = try JudgeServer(targets: targets, budget: budget)
        let judge = try KernelJudge(facts: facts, isExecuting: isExecuting, plant: plant, progress: server.progress)
        server.run { c, _ in judge.judge(c) }
    }

    /// A load of more than ten seconds is one that does not end; a case is up to three of them.
    package static let budget = CaseBudget(timeout: 30, memory: nil)
    package var budget: CaseBudget {
        var budget = Self.budget
        // What is made up need not be waited for.
        if plant == .hang { budget.timeout = 1 }
        return budget
    }

    package var deathBudget: DeathBudget { DeathBudget(casesPerSecond: 500, timeout: budget.timeout) }

    /// Whom findings can be against.
    package static let targets = [Finding.kernelTarget, "oracle"]
    package var targets: [String] { Self.targets }
    package var running: Int { 1 }
    package func isForeign(_ target: Int) -> Bool { target == 0 }
    package var plugins: [String] { [] }
    package var objects: [String] { [] }
    package var kernel: [String] { [facts.release] + facts.words }

    /// Those of the profiles that this kernel has all for.
    package var usable: [ProgramProfile] { profiles.filter { $0.lacks(in: facts).isEmpty } }

    /// Those that are left out, and what the kernel lacks.
    package var leftOut: [CampaignReport.LeftOut] {
        profiles.compactMap { profile in
            let lacks = profile.lacks(in: facts)
            return lacks.isEmpty ? nil : CampaignReport.LeftOut(profile: profile.rawValue, lacks: lacks)
        }
    }

    private func makeGenerator(seed: UInt64) -> KernelProgramGenerator {
        KernelProgramGenerator(seed: seed, profiles: usable, facts: facts)
    }

    package func makeProbe(
        seed: UInt64, bases: [Program], progress: UnsafeTypedBuffer<Slot, UInt64>
    ) throws(CampaignError) -> any CaseExecutor {
        KernelExecutor(
            makeGenerator(seed: seed), try KernelSession(facts: facts, plant: plant, progress: progress),
            isExecuting: isExecuting)
    }

    package func makeExaminer(seed: UInt64, bases: [Program], host: any HostProgram) -> any FindingTriage {
        KernelTriage(OutOfProcessJudge(self, host: host), isExecuting: isExecuting) { index in
            makeCase(index, seed: seed)
        }
    }

    /// Makes the case with an index.
    func makeCase(_ index: UInt64, seed: UInt64) -> Case {
        var generator = makeGenerator(seed: seed)
        let generated = generator.make(index: index)
        var c = Case(generated.loadable, origin: Case.Origin(seed: seed, index: index))
        c.loading?.note(facts)
        c.loading?.isRunnable = isExecuting && generated.isRunnable
        return c
    }

    /// A kernel that accepts no program has rewritten none.
    package func neverRun(_ counts: [String: UInt64], cases: UInt64) -> [String]? {
        Self.neverRun(counts, cases: cases)
    }

    /// The kernel, if it has accepted no program; `nil` otherwise.
    static func neverRun(_ counts: [String: UInt64], cases: UInt64) -> [String]? {
        cases == 0 || counts["accepted"] != nil || !TargetCounts(counts, of: targets[0]).isCalm ? nil : [targets[0]]
    }

    package func describe(_ counts: [String: UInt64], in report: inout CampaignReport) {
        KernelTally.describe(counts, in: &report)
        report.kernel = facts.release
        report.leftOut = leftOut
        let seen = Set((report.coverage ?? []).map(\.rewrite))
        let wanted = Set(usable.flatMap(\.rewrites))
        report.neverSeen = Rewrite.allCases.filter { wanted.contains($0) && !seen.contains($0.rawValue) }.map(
            \.rawValue)
    }
}

extension KernelFacts {
    /// Features, program types, kernel functions and configuration, in words.
    var words: [String] {
        features.map(\.rawValue).sorted() + programTypes.map(\.name).sorted() + functions.sorted() + configuration
    }
}

extension Case.Loading {
    /// Forgets what was seen of a program: it says nothing of another.
    mutating func forgetResult() { (sight, must, given) = (nil, nil, nil) }

    /// Notes with which kernel the case was found.
    mutating func note(_ kernel: KernelFacts) {
        release = kernel.release
        let features = kernel.features.map(\.rawValue).sorted().joined(separator: " ")
        facts = [features, kernel.configuration.joined(separator: " ")].filter { !$0.isEmpty }
    }
}
