import BPF
import Fuzzing
import KernelModel
import Patching
import TestSupport
import Testing

/// Case files with loads of a running kernel.
@Suite struct KernelCaseFileTests {
    private static let text = """
        # bpf-patch-fuzz case
        target: kernel
        bucket: kernel/wrong-landing/may-goto-backward/replace
        seed: 4
        index: 17
        kernel: 6.18.44
        fact: jit may-goto
        fact: CONFIG_BPF_JIT=y
        type: sched_cls
        attach_type: 24
        attach_to: bpf_fentry_test1
        flags: 0x4
        privilege: bpf
        kfunc: bpf_rcu_read_lock
        kfunc: bpf_rcu_read_unlock
        profiles: calls may-goto
        seen: slot 1 may_goto -3
        must: slot 1 may_goto -4

        program
                r1 = 2 ll {src=5}
                call kfunc 1
                exit

        """

    /// All fields of a load survive parsing and printing.
    @Test func goldenTextIsReadAndWritten() throws {
        let c = try CaseFile.parse(Self.text, file: "golden")
        #expect(CaseFile.print(c) == Self.text)
        let program = try #require(c.loadable)
        #expect(program.type == .schedCLS && program.attachType == 24 && program.attachTarget == "bpf_fentry_test1")
        #expect(program.flags == .testRndHi32 && program.privilege == .bpf)
        #expect(program.kernelFunctions == ["bpf_rcu_read_lock", "bpf_rcu_read_unlock"])
        #expect(program.program.insns[0].src == 5 && program.program.insns[0].imm == 2)
        #expect(c.loading?.release == "6.18.44" && c.loading?.facts == ["jit may-goto", "CONFIG_BPF_JIT=y"])
        #expect(c.loading?.profiles == ["calls", "may-goto"])
        #expect(c.loading?.seen == .insn(slot: 1, Instruction(code: Opcode.mayGoto, off: -3)))
    }

    @Test func everySightSurvives() throws {
        let load = Instruction(code: Opcode.loadImmediate64, dst: 2, src: Opcode.pseudoFunction, imm: 3)
        let sights: [Case.Loading.Observed] = [
            .insn(slot: 4, load, second: Instruction(code: 0, imm: 1)), .length(12),
            .insn(slot: 0, Instruction(bits: 0x0123_4567_89ab_cdef)), .subprogram(row: 3, start: 40),
            .subprogram(row: 1, start: nil), .refusal("verifier bug: \"x\" #"),
            .line(row: 2, LineRecord(insnOff: 9, id: 1)), .line(row: 0, nil), .target(slot: 7, subprogram: 2),
            .target(slot: 0, subprogram: nil), .value(0x8123_4567, flags: .testRndHi32), .value(0, flags: []),
        ]
        for sight in sights {
            var c = Case(LoadableProgram(program: Program(insns: [Instruction(code: Opcode.exit)], aux: [0])))
            c.loading?.seen = sight
            c.loading?.must = sight
            c.loading?.given = Program(
                insns: [load, .zero, Instruction(code: Opcode.exit)],
                subprograms: [Subprogram(start: 0, id: 0), Subprogram(start: 2, id: 1)],
                lines: [LineRecord(insnOff: 2, id: 4)])
            #expect(try CaseFile.parse(CaseFile.print(c), file: "sight") == c)
        }
    }

    /// Random loads survive printing and parsing.
    @Test func everyLoadSurvives() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of KernelCaseFileTests.everyLoadSurvives: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for number in 0..<500 {
            var c = HostileCase.make(&numbers)
            var loadable = LoadableProgram(program: c.program)
            loadable.type = ProgramType.allCases.randomElement(using: &numbers) ?? .xdp
            loadable.attachType = UInt32.random(in: 0...3, using: &numbers)
            loadable.attachTarget = Bool.random(using: &numbers) ? nil : "a # target"
            loadable.flags = LoadFlags(rawValue: UInt32.random(in: 0...63, using: &numbers))
            loadable.privilege = Bool.random(using: &numbers) ? .all : .bpf
            loadable.kernelFunctions = (0..<Int.random(in: 0...2, using: &numbers)).map { "function_\($0)" }
            c.loading = Case.Loading(loadable)
            c.loading?.release = Bool.random(using: &numbers) ? nil : "6.18.44-test"
            let back = try CaseFile.parse(CaseFile.print(c), file: "seed \(seed), case \(number)")
            #expect(back == c.withPlaceholdersCleared(), "seed \(seed), case \(number)")
        }
    }

    /// A case without a load is not a kernel case.
    @Test func otherCasesAreNotLoaded() throws {
        let c = try CaseFile.parse("target: delta-array\nprogram\nexit\n", file: "other")
        #expect(c.loading == nil && c.loadable == nil)
    }

    /// The ids of subprograms and lines in a load are their numbers, even if a minimized case has gaps.
    @Test func recordsAreNumberedAnew() throws {
        let c = try CaseFile.parse(
            "type: xdp\nprogram\n.subprog 4\n.line 7\nexit\n.subprog 9\n.line 2\nexit\n", file: "numbers")
        let program = try #require(c.loadable?.program)
        #expect(program.subprograms.map(\.id) == [0, 1] && program.lines.map(\.id) == [0, 1])
        #expect(program.subprograms.map(\.start) == [0, 1] && program.lines.map(\.insnOff) == [0, 1])
    }

    @Test(arguments: [
        ("type: sched\nprogram", 1, 7, "a program type", "`sched`"),
        ("type: xdp\ntype: xdp\nprogram", 2, 1, "once", "`type`"),
        ("flags: x", 1, 8, "a number", "`x`"), ("privilege: none", 1, 12, "`all` or `bpf`", "`none`"),
        ("seen: refusal x", 1, 15, "`\"`", "`x`"),
        ("seen: place 3", 1, 7, "`slot`, `slots`, `subprogram`, `line`, `value` or `refusal`", "`place`"),
        ("seen: slot 3 nothing", 1, 14, "an instruction", "`nothing`"), ("seen: line 3 at 4", 1, 14, "`id`", "`at`"),
        ("seen: subprogram 3 at", 1, 22, "a number", "the end of the line"),
    ]) func faultsAreNamed(_ text: String, line: Int, column: Int, expected: String, found: String) throws {
        do {
            _ = try CaseFile.parse(text, file: "broken")
            Issue.record("\(text) is read")
        } catch {
            #expect(error.line == line && error.column == column, "\(error)")
            #expect(error.expected.contains(expected) && error.found.contains(found), "\(error)")
        }
    }
}
