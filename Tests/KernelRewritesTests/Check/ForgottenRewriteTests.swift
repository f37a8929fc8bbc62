import BPF
import Testing

@testable import KernelRewrites

/// A result in which something stands that no kernel leaves as it was, or that means something else, is not clean.
struct ForgottenRewriteTests {
    private static let facts = KernelFacts(
        release: "6.18.0", features: [.rawDump, .jit], functions: Set(KernelFacts.knownFunctions))

    /// Checks a result of a program all of which is live.
    private func isClean(
        _ program: [String], _ result: [String], functions: [String] = [], type: ProgramType = .socketFilter
    ) -> Bool {
        var checker = RewriteChecker(facts: Self.facts)
        let loadable = LoadableProgram(
            program: Program(statements: [program]), type: type, kernelFunctions: functions)
        let live = loadable.program.insns.map { _ in true }
        return checker.check(loadable, live: live, result: Program(statements: [result])).isClean
    }

    @Test(arguments: [
        "r0 /= r1", "r0 %= r1", "w0 /= w1", "w0 %= w1", "r0 /= -1 {off=1}", "w0 %= -1 {off=1}", "call 118",
        "call 170",
    ]) func whatMustChangeDoesNotStand(_ statement: String) {
        let program = ["r0 = 1", "r1 = 2", statement, "exit"]
        #expect(!isClean(program, program))
    }

    @Test func hiddenArgumentsAreThere() {
        let program = ["r0 = 1", "call kfunc 0", "exit"]
        for name in ["bpf_rdonly_cast", "bpf_obj_new_impl", "bpf_obj_drop_impl"] {
            #expect(!isClean(program, program, functions: [name]), "\(name)")
        }
        #expect(isClean(program, program, functions: ["bpf_rcu_read_lock"]))
    }

    @Test func mapsAreTheSame() {
        let program = ["r1 = 1 ll {src=5}", "r0 = 0", "exit"]
        #expect(isClean(program, ["r1 = 1 ll {src=1}", "r0 = 0", "exit"]))
        #expect(!isClean(program, ["r1 = 2 ll {src=1}", "r0 = 0", "exit"]))
        #expect(!isClean(program, ["r1 = 1 ll {src=1 off=8}", "r0 = 0", "exit"]))
        let value = ["r1 = 12 ll {src=6 next_imm=8}", "r0 = 0", "exit"]
        #expect(isClean(value, ["r1 = 12 ll {src=2 next_imm=8}", "r0 = 0", "exit"]))
        #expect(!isClean(value, ["r1 = 11 ll {src=2 next_imm=8}", "r0 = 0", "exit"]))
    }
}
