import BPF
import Patching
import Testing

@testable import Fuzzing

/// Passes generated within the limits of a patcher, and without limits.
struct CaseLimitTests {
    private static let seed: UInt64 = 9
    private static let cases: UInt64 = 2_000

    /// The number of cases with a skipped pass, for each patcher.
    private static func skippedCases(_ patchers: [LimitedPatcher], _ limits: [CaseLimits]) -> [Int] {
        var fuzzer = Fuzzer(seed: seed, limits: limits, patchers: patchers)
        for index in 0..<cases where !fuzzer.run(index: index) {
            let findings = fuzzer.findings
            Issue.record("seed \(seed), case \(index), \(limits): \(findings)")
            break
        }
        return patchers.indices.map { fuzzer.skippedCases(of: $0) }
    }

    /// Cases without limits are the same for all patchers.
    private static let withoutLimits = skippedCases(
        patchers.map { LimitedPatcher($0.capabilities, name: $0.name, kernel: $0.kernel) }, [CaseLimits()])

    private static let patchers: [(name: String, capabilities: PatcherCapabilities, kernel: KernelFunctions?)] = [
        ("nothing", [], nil), ("refuses", [.refuses], nil), ("no delete", .everything.subtracting(.delete), nil),
        ("no insert", .everything.subtracting(.insert), nil), ("no range", .everything.subtracting(.range), nil),
        ("no skip", .everything.subtracting(.skipJumps), nil), ("no keep", .everything.subtracting(.keepJump), nil),
        ("no refs", .everything.subtracting(.refs), nil),
        ("no dead target", .everything.subtracting(.deadTarget), nil),
        ("no refusals", .everything.subtracting(.refuses), nil),
        (
            "kernel", PatcherCapabilities.everything.subtracting([.deadTarget, .refuses]).union(.stepwise),
            KernelFunctions(KernelVersion(6, 12))
        ),
    ]

    @Test(arguments: patchers.indices) func fewPassesAreSkippedWithinLimits(_ number: Int) {
        let (name, capabilities, kernel) = CaseLimitTests.patchers[number]
        let patcher = LimitedPatcher(capabilities, kernel: kernel)
        let limited = CaseLimitTests.skippedCases([patcher], CaseLimits.turns(of: [patcher]))[0]
        #expect(limited * 100 < Int(CaseLimitTests.cases), "\(name): \(limited)")
        let unlimited = CaseLimitTests.withoutLimits[number]
        #expect(unlimited > 15, "\(name): \(unlimited)")
    }

    private static var small: LimitedPatcher { LimitedPatcher([.delete], name: "small") }
    private static var old: LimitedPatcher {
        LimitedPatcher([.insert], name: "old", kernel: KernelFunctions(KernelVersion(5, 10)))
    }
    private static var newer: LimitedPatcher {
        LimitedPatcher([.insert], name: "newer", kernel: KernelFunctions(KernelVersion(6, 12)))
    }
    private static var full: LimitedPatcher { LimitedPatcher(.everything, name: "full") }

    /// Patchers, and the limits that the generator alternates between for them.
    private static var turns: [(patchers: [any Patcher], turns: [CaseLimits])] {
        [
            ([], [CaseLimits()]),
            ([KernelArray()], [CaseLimits()]),
            ([RangeReplace(), KernelArray(), full], [CaseLimits()]),
            ([small], [CaseLimits(capabilities: [.delete])]),
            // Capabilities that concern only results do not change the cases.
            ([small, LimitedPatcher([.delete, .aux, .lines, .stepwise])], [CaseLimits(capabilities: [.delete])]),
            ([small, RangeReplace()], [CaseLimits(capabilities: [.delete]), CaseLimits()]),
            (
                [old, small, newer],
                [
                    CaseLimits(capabilities: [.insert], kernel: old.kernel), CaseLimits(capabilities: [.delete]),
                    CaseLimits(capabilities: [.insert], kernel: newer.kernel),
                ]
            ),
            // Kernels with the same opcodes.
            (
                [newer, LimitedPatcher([.insert], kernel: KernelFunctions(KernelVersion(6, 12), maxSubprograms: 256))],
                [CaseLimits(capabilities: [.insert], kernel: newer.kernel)]
            ),
        ]
    }

    @Test(arguments: turns.indices) func patchersWithDifferentLimitsAlternate(_ number: Int) {
        let (patchers, turns) = CaseLimitTests.turns[number]
        #expect(CaseLimits.turns(of: patchers) == turns)
    }

    @Test func beyondTheContractAKernelHasNoLimits() {
        let patchers: [any Patcher] = [Self.small, Self.newer]
        #expect(
            CaseLimits.turns(of: patchers, beyondContract: true)
                == [CaseLimits(capabilities: [.delete]), CaseLimits()])
    }

    /// A case depends on its index and on its own limits, not on the limits that it alternates with.
    @Test(arguments: [0, 3]) func casesDependOnTheirOwnLimits(_ workloads: Int) {
        let chosen = Array(Workload.allCases.prefix(workloads))
        let limits = CaseLimits.turns(of: [Self.small, RangeReplace(), Self.old])
        #expect(limits.count == 3)
        func fuzzer(_ limits: [CaseLimits]) -> Fuzzer {
            Fuzzer(seed: Self.seed, workloads: chosen, limits: limits, patchers: [])
        }
        var together = fuzzer(limits)
        var met: Set<String> = []
        for (turn, own) in limits.enumerated() {
            var alone = fuzzer([own])
            for index in 0..<UInt64(300) where Int(index) / max(workloads, 1) % limits.count == turn {
                met.insert("\(turn) \(Int(index) % max(workloads, 1))")
                let (one, other) = (together.makeCase(index: index), alone.makeCase(index: index))
                #expect(one == other, "seed \(Self.seed), case \(index)")
            }
        }
        #expect(met.count == limits.count * max(workloads, 1), "each of the workloads within each of the limits")
    }

    /// A patcher runs nearly all passes of its own cases, and some of the others.
    @Test(arguments: [0, 3]) func eachPatcherRunsItsCases(_ workloads: Int) {
        let patchers = [LimitedPatcher([]), LimitedPatcher(.everything)]
        var fuzzer = Fuzzer(
            seed: Self.seed, workloads: Array(Workload.allCases.prefix(workloads)),
            limits: CaseLimits.turns(of: patchers), patchers: patchers)
        var ran = [0, 0]
        for index in 0..<Self.cases {
            let before = patchers.map(\.given)
            let isClean = fuzzer.run(index: index)
            #expect(isClean, "seed \(Self.seed), case \(index)")
            for number in patchers.indices where patchers[number].given > before[number] { ran[number] += 1 }
        }
        let counts = ran
        #expect(counts[0] * 100 >= Int(Self.cases) * (workloads == 0 ? 47 : 35), "\(counts)")
        #expect(counts[1] * 100 >= Int(Self.cases) * 90, "\(counts)")
    }
}
