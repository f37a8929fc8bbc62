import BPF
import KernelModel
import LinuxBPF
import TestSupport
import Testing

@testable import KernelRewrites

/// The rules of the verifier that are checked without a load.
@Suite struct VerifierRulesTests {
    private static func brokenCount(_ text: String) throws -> Int {
        VerifierRules(LoadableProgram(program: try Listing(text).program)).brokenCount
    }

    @Test(arguments: [
        ("fn r0 = 1\n exit", 0),
        // The context is set, and no other register.
        ("fn r0 = *(u32 *)(r1 + 0)\n exit", 0), ("fn r0 = r2\n exit", 1), ("fn exit", 1),
        // A second read of the same register is another instruction.
        ("fn r0 = r7\n r0 += r7\n exit", 2),
        ("fn r0 = 1\n call 8\n r0 += r1\n exit", 1), ("fn call 1\n exit", 1),
        // Of two paths, one that sets the register is enough.
        ("fn r0 = 0\n if r1 == 0 goto over\n r6 = 1\n over: r0 += r6\n exit", 0),
        ("fn r0 = 0\n goto over\n r6 = 1\n over: exit", 1),
        ("fn r0 = 1\n r0 += 1", 1), ("fn r0 = 1\n call next\n exit\n fn next: exit", 0),
        ("fn r0 = 1\n exit\n fn next: exit", 1),
        ("fn r0 = 1\n r6 = 1\n call next\n r0 += r6\n exit\n fn next: r0 += r6\n exit", 1),
    ]) func brokenRulesAreCounted(_ text: String, _ count: Int) throws {
        #expect(try Self.brokenCount(text) == count, "\(text)")
    }

    /// A program with more broken rules than the accepted one that it was made from is refused.
    @Test(.enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)")) func brokenProgramsAreRefused() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of VerifierRulesTests.brokenProgramsAreRefused: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let kernel = try RunningKernel()
        var generator = KernelProgramGenerator(
            seed: seed, profiles: ProgramProfile.allCases.filter { $0 != .far }, facts: try kernel.facts)
        var (broken, accepted, refused) = (0, 0, 0)
        for index in 0..<150 as Range<UInt64> {
            let made = generator.make(index: index)
            let whole = made.loadable
            guard case .loaded = kernel.load(whole) else { continue }
            for _ in 0..<4 {
                var program = whole
                let slot = numbers.below(program.program.insns.count)
                let insn = program.program.insns[slot]
                // The verifier does not read dead code.
                if insn.code == 0 || insn.isWide || !made.live[slot] { continue }
                program.program.insns[slot] = Instruction(code: Opcode.ja)
                let isBroken = VerifierRules(program).brokenCount > VerifierRules(whole).brokenCount
                guard case .loaded = kernel.load(program) else {
                    refused += 1
                    if isBroken { broken += 1 }
                    continue
                }
                if isBroken { accepted += 1 }
            }
        }
        // A live slot may set a register that only dead code reads.
        #expect(accepted * 20 <= broken, "seed \(seed): \(accepted) accepted, \(broken) refused")
        // Else the rules would save no load.
        #expect(broken * 4 >= refused, "seed \(seed): \(broken) of \(refused) refused")
    }
}
