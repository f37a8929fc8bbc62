import BPF
import KernelRewrites
import LinuxBPF
import Testing

/// Whether programs can be loaded here, and if not, why.
private enum Loading {
    static let reason: String = {
        do {
            _ = try RunningKernel()
            return ""
        } catch {
            return "\(error)"
        }
    }()
}

@Suite(
    "What the running kernel makes of generated programs", .serialized,
    .enabled(if: Loading.reason.isEmpty, "\(Loading.reason)"))
struct RunningKernelCheckTests {
    @Test("is understood and right, and with a jump spoilt it is not", arguments: [UInt64(1), 77])
    func clean(_ seed: UInt64) throws {
        let kernel = try RunningKernel()
        var generator = KernelProgramGenerator(seed: seed, facts: try kernel.facts)
        var checker = RewriteChecker(facts: try kernel.facts)
        var loaded = 0
        var noticed = 0
        var spoilt = 0
        for index in UInt64(0)..<60 {
            let made = generator.make(index: index)
            guard case .loaded(let program) = kernel.load(made.loadable) else { continue }
            let result = try kernel.read(program)
            loaded += 1
            let report = checker.check(made.loadable, live: made.live, result: result)
            let known = KnownFault.all.flatMap { $0.buckets.map(\.bucket) }
            let findings = report.findings.filter { !known.contains($0.bucket) }
            #expect(findings.isEmpty && report.gaps.isEmpty, "seed \(seed), index \(index): \(findings) \(report.gaps)")
            if result.insns.count > 2_000 { continue }
            // A jump in a conversion of a context is known only in part.
            let conversions = report.applied.filter { $0.rewrite == .context }.map(\.result)
            let jumps = result.insns.indices.filter { result.insns[$0].jumpKind == .short }
            for slot in jumps.prefix(12) where !conversions.contains(where: { $0.contains(UInt32(slot)) }) {
                var wrong = result
                wrong.insns[slot].off ^= 1
                spoilt += 1
                noticed += checker.check(made.loadable, live: made.live, result: wrong).isClean ? 0 : 1
            }
        }
        #expect(loaded > 20)
        #expect(spoilt > 0)
        #expect(noticed == spoilt, "seed \(seed)")
    }
}
