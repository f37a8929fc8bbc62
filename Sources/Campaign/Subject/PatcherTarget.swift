import BPF
import Foundation
import Fuzzing
import Patching

/// Patchers that are held against each other and the rules.
package struct PatcherTarget: FuzzTarget, Codable, Hashable {
    /// The patchers that are compared.
    package var patchers: [PatcherChoice]
    /// How patchers are judged.
    package var terms: OracleOptions
    /// ELF objects and folders whose programs are edited.
    package var objects: [String]
    /// What takes turns in making passes; when there are none, passes are random.
    package var workloads: [Workload]
    package var budget: CaseBudget

    package init(
        _ patchers: [PatcherChoice] = PatcherChoice.builtIn, terms: OracleOptions = OracleOptions(),
        objects: [String] = [], workloads: [Workload] = [], budget: CaseBudget = CaseBudget()
    ) {
        self.patchers = patchers
        self.terms = terms
        self.objects = objects
        self.workloads = workloads
        self.budget = budget
    }

    package var target: CampaignTarget { .patchers(self) }
    package var deathBudget: DeathBudget { DeathBudget(casesPerSecond: 250_000, timeout: budget.timeout) }
    package var targets: [String] { patchers.map(\.name) }
    package func oracle(for c: Case) -> Oracle { terms.applying(to: c).oracle }
    package var running: Int { patchers.count }
    package func isForeign(_ target: Int) -> Bool { patchers[target].plugin != nil }
    package var plugins: [String] {
        // One file may take part under several names.
        patchers.compactMap(\.plugin?.path).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
    package var kernel: [String] { [] }

    /// What passes may demand: each patcher's limits take turns, so that each is given whole cases that it can do.
    package var limits: [CaseLimits] {
        CaseLimits.turns(
            patchers.map { patcher in
                patcher.plugin.map {
                    CaseLimits(of: $0.capabilities, $0.kernel, beyondContract: terms.beyondContract)
                } ?? CaseLimits()
            })
    }

    package func judge(_ budget: CaseBudget) throws(CampaignError) {
        let server = try JudgeServer(targets: targets, budget: budget)
        var runner = CaseRunner(
            terms.make(patchers, runsEveryPassTwice: true), beyondContract: terms.beyondContract, oracle: terms.oracle,
            progress: server.progress)
        let names = targets
        server.run { c, excluded in
            let findings = runner.findings(of: c, excluding: excluded)
            return CaseVerdict(findings: findings, notRun: runner.reasonsNotGiven(names))
        }
    }

    func makeFuzzer(
        seed: UInt64, bases: [Program], patchers: [any Patcher], describesFindings: Bool = true,
        progress: UnsafeTypedBuffer<Slot, UInt64>? = nil
    ) -> Fuzzer {
        Fuzzer(
            seed: seed, bases: bases, workloads: workloads, limits: limits, patchers: patchers,
            beyondContract: terms.beyondContract, oracle: terms.oracle, describesFindings: describesFindings,
            progress: progress)
    }

    package func makeProbe(seed: UInt64, bases: [Program], progress: UnsafeTypedBuffer<Slot, UInt64>) -> any CaseExecutor
    {
        // A probe's findings are counted by their buckets; the case of each bucket is made and judged again.
        PatcherExecutor(
            makeFuzzer(
                seed: seed, bases: bases, patchers: terms.make(patchers), describesFindings: false, progress: progress),
            names: targets)
    }

    package func makeExaminer(seed: UInt64, bases: [Program], host: any HostProgram) -> any FindingTriage {
        PatcherTriage(OutOfProcessJudge(self, host: host)) { index in
            var fuzzer = makeFuzzer(seed: seed, bases: bases, patchers: [])
            var c = fuzzer.makeCase(index: index)
            c.conditions = terms.conditions
            return c
        }
    }

    package func neverRun(_ counts: [String: UInt64], cases: UInt64) -> [String]? {
        Self.neverRun(counts, targets: targets, cases: cases)
    }

    /// The targets that no case was run with; `nil` for none.
    static func neverRun(_ counts: [String: UInt64], targets: [String], cases: UInt64) -> [String]? {
        let idle = targets.filter { target in
            let counts = TargetCounts(counts, of: target)
            return counts.ran == 0 && counts.isCalm
        }
        return cases == 0 || idle.isEmpty ? nil : idle
    }

    package func describe(_ counts: [String: UInt64], in report: inout CampaignReport) {
        Self.describe(counts, targets: targets, in: &report)
    }

    /// The number of cases in which each patcher was run, and in which it skipped a pass.
    static func describe(_ counts: [String: UInt64], targets: [String], in report: inout CampaignReport) {
        report.ran = [:]
        for target in targets {
            let counts = TargetCounts(counts, of: target)
            report.ran?[target] = counts.ran
            if counts.spared > 0 { report.spared = (report.spared ?? [:]).merging([target: counts.spared]) { $1 } }
        }
    }
}
