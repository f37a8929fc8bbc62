import BPF
import KernelModel
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

    @Test(arguments: [
        (ProgramType.socketFilter, "r2 = *(u32 *)(r6 + 8)", false), (.socketFilter, "r2 = *(u32 *)(r6 + 52)", true),
        (.schedCLS, "*(u32 *)(r6 + 8) = r7", false), (.schedCLS, "*(u32 *)(r6 + 64) = r7", true),
        (.xdp, "r2 = *(u32 *)(r6 + 4)", false), (.cgroupSock, "r2 = *(u32 *)(r6 + 16)", false),
    ]) func contextFieldsDoNotStand(_ type: ProgramType, _ access: String, _ mayStand: Bool) {
        let program = ["r6 = r1", "r7 = 1", "call 7", access, "r0 = 0", "exit"]
        #expect(isClean(program, program, type: type) == mayStand)
        // What comes out of memory may be any pointer.
        let spilled = [
            "*(u64 *)(r10 - 8) = r1", "r7 = 1", "r6 = *(u64 *)(r10 - 8)", access, "r0 = 0", "exit",
        ]
        #expect(isClean(spilled, spilled, type: type))
    }

    @Test func otherWaysMakeAContextUncertain() {
        let program = ["r6 = r1", "if r1 == 0 goto +1", "r6 = r10", "r2 = *(u32 *)(r6 + 8)", "r0 = 0", "exit"]
        #expect(isClean(program, program))
    }

    @Test func noConversionExcludes() {
        let program = ["r2 = *(u32 *)(r1 + 8)", "r0 = 0", "exit"]
        #expect(isClean(program, ["r2 = *(u8 *)(r1 + 168)", "w2 &= 7", "r0 = 0", "exit"]))
        // Only a byte of flags is masked.
        #expect(!isClean(program, ["r2 = *(u32 *)(r1 + 168)", "r2 &= 1", "r0 = 0", "exit"]))
        #expect(!isClean(program, ["r2 = *(u32 *)(r1 + 168)", "r2 ^= 1", "r0 = 0", "exit"]))
    }

    @Test func onlyMapsOfSocketsGiveSockets() {
        func lookup(_ kind: MapKind) -> [String] {
            ["r1 = \(kind.rawValue) ll {src=5}", "call 1", "r2 = *(u32 *)(r0 + 0)", "r0 = 0", "exit"]
        }
        func result(_ kind: MapKind) -> [String] {
            ["r1 = \(kind.rawValue) ll {src=1}", "call 4711", "r2 = *(u32 *)(r0 + 20)", "r0 = 0", "exit"]
        }
        #expect(isClean(lookup(.sockMap), result(.sockMap)))
        #expect(!isClean(lookup(.hash), result(.hash)))
    }

    @Test func helpersHaveOneAddress() {
        let program = ["call 7", "call 7", "call 5", "exit"]
        #expect(isClean(program, ["call 4711", "call 4711", "call 4712", "exit"]))
        #expect(!isClean(program, ["call 4711", "call 4713", "call 4712", "exit"]))
        #expect(!isClean(program, ["call 4711", "call 4711", "call 4711", "exit"]))
        // That of a look-up depends on the map.
        #expect(isClean(["call 2", "call 2", "exit"], ["call 4711", "call 4712", "exit"]))
    }

    @Test func helpersAreInlinedAlike() {
        let inlined = ["r0 = 4711", "r0 = r0 {off=-1}", "r0 = *(u32 *)(r0 + 0)"]
        let program = ["call 8", "call 8", "exit"]
        #expect(isClean(program, inlined + inlined + ["exit"]))
        #expect(isClean(program, ["call 4711", "call 4711", "exit"]))
        #expect(!isClean(program, inlined + ["call 4711", "exit"]))
        #expect(!isClean(program, ["call 4711"] + inlined + ["exit"]))
    }

    @Test func theHiddenSubprogramIsThereForExceptions() {
        let program = ["r1 = 0", "call kfunc 0", "exit"]
        let hidden = ["r0 = r1", "exit"]
        #expect(!isClean(program, program, functions: ["bpf_throw"]))
        // Where it was not thrown as far as the verifier saw, nothing is caught.
        let other = ["call kfunc 1", "r0 = 0", "exit"]
        #expect(!isClean(other, other + hidden, functions: ["bpf_throw", "bpf_preempt_enable"]))
        #expect(isClean(program, program + hidden, functions: ["bpf_throw"]))
        #expect(!isClean(program, program + hidden, functions: ["bpf_preempt_enable"]))
        #expect(isClean(program, program, functions: ["bpf_preempt_enable"]))
    }
}
