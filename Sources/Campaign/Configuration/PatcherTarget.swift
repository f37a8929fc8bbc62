import Fuzzing

/// Patchers that are compared with each other and with the rules.
package struct PatcherTarget: TargetProperties, Codable, Hashable {
    /// The patchers that are compared.
    package var patchers: [PatcherChoice]
    /// The rules of judging.
    package var oracleOptions: OracleOptions
    /// ELF objects and folders whose programs are edited.
    package var objects: [String]
    /// The sources of passes, cycled by case index; if empty, passes are random.
    package var workloads: [Workload]
    package var budget: CaseBudget
    /// The bounds within which every case is run, in place of random ones; `nil` for random cases.
    package var exhaustive: ExhaustiveBounds?
    /// True to count the situations that the passes test; `nil` is false, as in states of earlier versions.
    package var countsCoverage: Bool?

    package init(
        _ patchers: [PatcherChoice] = PatcherChoice.builtIn, oracleOptions: OracleOptions = OracleOptions(),
        objects: [String] = [], workloads: [Workload] = [], budget: CaseBudget = CaseBudget(),
        exhaustive: ExhaustiveBounds? = nil
    ) {
        self.patchers = patchers
        self.oracleOptions = oracleOptions
        self.objects = objects
        self.workloads = workloads
        self.budget = budget
        self.exhaustive = exhaustive
    }

    package var deathBudget: DeathBudget { DeathBudget(casesPerSecond: 250_000, timeout: budget.timeout) }
    package var targets: [String] { patchers.map(\.name) }
    package var running: Int { patchers.count }
    package func isForeign(_ target: Int) -> Bool { patchers[target].plugin != nil }
    package var plugins: [String] {
        // One file may take part under several names.
        patchers.compactMap(\.plugin?.path).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
    package var kernel: [String] { [] }
    package func oracle(for c: Case) -> Oracle { oracleOptions.applying(to: c).oracle }

    /// The limits of generated passes, cycled by case index. Each patcher gets some cases that it supports completely.
    package var limits: [CaseLimits] {
        CaseLimits.turns(
            patchers.map { patcher in
                patcher.plugin.map {
                    CaseLimits(of: $0.capabilities, $0.kernel, beyondContract: oracleOptions.beyondContract)
                } ?? CaseLimits()
            })
    }
}
