import BPF
import Patching
import Testing

@testable import Fuzzing

/// Passes that are made within limits, and those that are made without.
struct CaseLimitTests {
    private static let seed: UInt64 = 9
    private static let cases: UInt64 = 4_000

    /// How many of the cases a patcher is spared a pass of, with and without limits.
    private func spared(_ patcher: LimitedPatcher) -> (limited: Int, unlimited: Int) {
        func run(_ limits: CaseLimits) -> Int {
            var fuzzer = Fuzzer(seed: CaseLimitTests.seed, limits: limits, patchers: [patcher])
            for index in 0..<CaseLimitTests.cases where !fuzzer.run(index: index) {
                let findings = fuzzer.findings
                Issue.record("seed \(CaseLimitTests.seed), case \(index), \(limits): \(findings)")
                break
            }
            return fuzzer.sparedCases(of: 0)
        }
        return (run(CaseLimits(of: [patcher])), run(CaseLimits()))
    }

    private static let patchers: [(name: String, capabilities: PatcherCapabilities, kernel: KernelFunctions?)] = [
        ("nothing", [], nil), ("refuses", [.refuses], nil), ("no delete", .everything.subtracting(.delete), nil),
        ("no insert", .everything.subtracting(.insert), nil), ("no range", .everything.subtracting(.range), nil),
        ("no skip", .everything.subtracting(.skipJumps), nil), ("no keep", .everything.subtracting(.keepJump), nil),
        ("no refs", .everything.subtracting(.refs), nil),
        ("no dead target", .everything.subtracting(.deadTarget), nil),
        ("no refusals", .everything.subtracting(.refuses), nil),
        (
            "kernel", PatcherCapabilities.everything.subtracting([.deadTarget, .refuses]).union(.stepwise),
            KernelFunctions(KernelRelease(6, 12))
        ),
    ]

    @Test(arguments: patchers.indices) func fewAreSparedWithinLimits(_ number: Int) {
        let (name, capabilities, kernel) = CaseLimitTests.patchers[number]
        let counts = spared(LimitedPatcher(capabilities, kernel: kernel))
        #expect(counts.limited * 100 < Int(CaseLimitTests.cases), "\(name): \(counts)")
        #expect(counts.unlimited > 30, "\(name): \(counts)")
    }

    /// With a patcher of this package beside it, or none at all, nothing is limited.
    @Test func limitsAreThoseOfAllTogether() {
        let small = LimitedPatcher([.delete])
        let other = LimitedPatcher([.insert], kernel: KernelFunctions(KernelRelease(6, 1)))
        let newer = LimitedPatcher([.refs], kernel: KernelFunctions(KernelRelease(6, 12)))
        #expect(CaseLimits(of: []) == CaseLimits())
        #expect(CaseLimits(of: [small, RangeReplace()]) == CaseLimits())
        #expect(CaseLimits(of: [KernelArray()]) == CaseLimits())
        #expect(CaseLimits(of: [small]) == CaseLimits(capabilities: [.delete]))
        #expect(CaseLimits(of: [small, other]) == CaseLimits(capabilities: [.delete, .insert]))
        #expect(
            CaseLimits(of: [newer, other])
                == CaseLimits(capabilities: [.insert, .refs], kernel: KernelFunctions(KernelRelease(6, 12))))
        #expect(CaseLimits(of: [newer, other], beyondContract: true) == CaseLimits())
    }
}
