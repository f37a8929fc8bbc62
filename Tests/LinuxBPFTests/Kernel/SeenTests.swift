import BPF
import KernelModel
import TestSupport
import Testing

@testable import LinuxBPF

@Suite("What the verifier saw", .serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct SeenTests {
    /// Subprograms, and the slots that no path leads to.
    static let programs: [(statements: [[String]], dead: Set<Int>)] = [
        ([["r0 = 0", "exit"]], []),
        ([["r0 = 0", "if r0 != 0 goto +1", "exit", "r0 = 1 ll", "exit"]], [3, 4, 5]),
        ([["r0 = 1 ll", "if r0 == 1 goto +3", "r0 = 2 ll", "exit", "exit"]], [3, 4, 5]),
        ([["r0 = 0", "if r0 == 0 goto +1", "call +1", "exit"], ["r0 = 5", "exit"]], [2, 4, 5]),
        ([["r0 = 0", "goto +0", "if w0 s> 7 goto +0", "exit"]], []),
    ]

    /// On a path that the processor only guesses, the verifier looks at dead code too.
    @Test("Slots that no path leads to are not seen", arguments: programs.indices, LoadPrivilege.allCases)
    func seen(number: Int, privilege: LoadPrivilege) throws {
        let (statements, dead) = Self.programs[number]
        let kernel = try RunningKernel()
        let program = LoadableProgram(program: Program(statements: statements), privilege: privilege)
        let expected = program.program.insns.indices.map { !dead.contains($0) }
        #expect(try kernel.seen(program) == expected)
    }

    @Test("A log longer than the buffer is had in full")
    func long() throws {
        let kernel = try RunningKernel()
        let program = Program(
            statements: [
                ["r1 = 0", "r1 += 1", "if r1 < 4000 goto -2", "r0 = 0", "if r1 != 4000 goto +1", "exit", "exit"]
            ])
        #expect(try kernel.seen(LoadableProgram(program: program)) == [true, true, true, true, true, true, false])
    }

    @Test("A program that is refused has no slots seen, and the reason is said")
    func refused() throws {
        let kernel = try RunningKernel()
        let program = LoadableProgram(program: Program(statements: [["r0 = r5", "exit"]]))
        #expect(throws: KernelError(.log, code: 13, "R5 !read_ok")) { try kernel.seen(program) }
    }
}

@Suite("Logs of the verifier")
struct VerifierLogTests {
    /// The end of a log, and the line that says what is wrong.
    static let ends: [(String, String?)] = [
        ("0: (bf) r0 = r5\nR5 !read_ok\nprocessed 1 insns (limit 1000000) max_states_per_insn 0\n", "R5 !read_ok"),
        ("back-edge from insn 2 to 1\nverification time 5 usec\nstack depth 0\n", "back-edge from insn 2 to 1"),
        ("2: (85) call pc+1\nverifier bug: no program at insn 3\nR0=0\n", "verifier bug: no program at insn 3"),
        ("infinite loop detected at insn 1\ncur state: R0=0\nold state: R0=0\n", "infinite loop detected at insn 1"),
        ("; r0 = 1 @ a.c:3\n7: (95) exit\n\n", nil), ("", nil),
        (
            "unreachable insn 3\nfunc#1 @4\nLive regs before insn:\n      0: .......... (b7) r0 = 0\n",
            "unreachable insn 3"
        ),
    ]

    @Test("The last telling line is found", arguments: ends)
    func complaint(log: String, expected: String?) { #expect(VerifierLog(log).complaint == expected) }

    /// What a refusal says, and its kind.
    static let reasons: [(String, String)] = [
        ("R5 !read_ok", "RN !read_ok"), ("unreachable insn 12", "unreachable insn N"),
        (
            "invalid access to map value, value_size=64 off=-8 size=0x10f",
            "invalid access to map value, value_size=N off=N size=N"
        ),
        ("last insn is not an exit or jmp", "last insn is not an exit or jmp"), ("0", "N"), ("-12abc", "Nabc"),
        ("10x8 0 x", "NxN N x"),
    ]

    @Test("Numbers do not make another kind of refusal", arguments: reasons)
    func reason(text: String, expected: String) {
        #expect(LoadRefusal(code: 1, text: text).reason == expected)
    }
}
