import BPF
import Patching
import Testing

@testable import Fuzzing

/// Each reducer by itself: a case, what of it is needed, and what the case must become.
struct ReducerTests {
    /// A judge for which a case is wrong as long as it has what is needed.
    final class NeedJudge: CaseJudge {
        let names = ["needy"]
        private let need: (Case) -> Bool
        private(set) var asked: [Case] = []

        init(_ need: @escaping (Case) -> Bool) { self.need = need }

        func findings(of c: Case, against target: String?) -> [Finding] {
            asked.append(c)
            if !need(c) { return [] }
            // The pass in which something is deleted.
            let pass = c.passes.firstIndex { $0.edits.contains { $0.patch.isEmpty } } ?? 0
            return [
                Finding(target: "needy", rule: .error, insn: "wrong", edit: "none", pass: pass, place: 0, detail: "")
            ]
        }
    }

    struct Example: Sendable, CustomTestStringConvertible {
        var reducer: any Reducer
        var title: String
        var before: String
        var need: @Sendable (Case) -> Bool
        var after: String

        var testDescription: String { "\(reducer.name): \(title)" }
    }

    private static func hasSlot(_ imm: Int32, _ c: Case) -> Bool { c.program.insns.contains { $0.imm == imm } }
    private static func edits(_ c: Case) -> [Edit] { c.passes.flatMap(\.edits) }
    private static func growth(_ c: Case) -> Int { edits(c).reduce(0) { $0 + $1.patch.count - Int($1.remove) } }
    private static func jumps(_ c: Case) -> [Int] {
        c.program.insns.filter(\.jumpKind.isJump).map { $0.jumpOffset($0.jumpKind) }
    }

    static let examples = [
        Example(
            reducer: PassReducer(), title: "the failing one, with the program that it was given",
            before: """
                r1 = 1
                r1 = 2
                pass
                insert at 0
                r1 = 9
                pass
                delete 2
                pass
                insert at 0
                r1 = 8
                """, need: { edits($0).contains { $0.patch.isEmpty } },
            after: """
                r1 = 9
                r1 = 1
                r1 = 2
                pass
                delete 2
                """),
        Example(
            reducer: PassReducer(), title: "two that make up a fault",
            before: """
                r1 = 1
                pass
                insert at 0
                r1 = 9
                pass
                insert at 0
                r1 = 8
                pass
                insert at 0
                r1 = 7
                """,
            need: { c in [9, 7].allSatisfy { imm in edits(c).contains { $0.patch[0].imm == imm } } },
            after: """
                r1 = 1
                pass
                insert at 0
                r1 = 9
                pass
                insert at 0
                r1 = 7
                """),
        Example(
            reducer: TableReducer(), title: "one line and one subprogram",
            before: """
                .subprog 1
                .line 10
                r1 = 1
                .subprog 2
                .line 20
                r1 = 2
                .subprog 3
                .line 30
                r1 = 3
                pass
                """,
            need: { $0.program.lines.contains { $0.id == 20 } && $0.program.subprograms.contains { $0.id == 3 } },
            after: """
                .subprog 1
                r1 = 1
                .line 20
                r1 = 2
                .subprog 3
                r1 = 3
                pass
                """),
        Example(
            reducer: SubprogramReducer(), title: "with their edits, and calls to them",
            before: """
                .subprog 1
                call L2
                r1 = 1
                .subprog 2
                L2: r1 = 2
                .subprog 3
                r1 = 3
                pass
                delete 2
                insert at 3
                r1 = 9
                """, need: { hasSlot(3, $0) && edits($0).contains { $0.remove == 0 } },
            after: """
                .subprog 3
                r1 = 3
                pass
                insert at 0
                r1 = 9
                """),
        Example(
            reducer: EditReducer(), title: "all but one",
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                delete 0
                insert at 1
                r1 = 9
                delete 2
                """, need: { edits($0).contains { $0.remove == 0 } },
            after: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                insert at 1
                r1 = 9
                """),
        Example(
            reducer: EditReducer(), title: "two that make up for each other",
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                r1 = 4
                r1 = 5
                pass
                delete 0
                delete 2
                insert at 4
                r1 = 9
                """, need: { c in growth(c) == -1 && edits(c).contains { $0.patch.isEmpty && $0.off.position == 2 } },
            after: """
                r1 = 1
                r1 = 2
                r1 = 3
                r1 = 4
                r1 = 5
                pass
                delete 2
                """),
        Example(
            reducer: EditReducer(), title: "two that are side by side",
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                delete 0
                delete 1
                """, need: { growth($0) == -2 },
            after: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                delete 0 count 2
                """),
        Example(
            reducer: EditReducer(), title: "one that grows by what the others do",
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                insert at 0
                r1 = 9
                insert at 2
                r1 = 8
                r1 = 7
                """, need: { growth($0) == 3 },
            after: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                insert at 0
                r1 = 9
                r0 = 0
                r0 = 0
                """),
        Example(
            reducer: EditFormReducer(), title: "refs and the end of a range",
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                r1 = 4
                pass
                replace 0 count 4 with
                goto @3
                """, need: { edits($0).contains { $0.off.position <= 1 && $0.off.position + Int($0.remove) > 1 } },
            after: """
                r1 = 1
                r1 = 2
                r1 = 3
                r1 = 4
                pass
                replace 0 count 2 with
                goto +0
                """),
        Example(
            reducer: SlotReducer(), title: "all that a jump and its length do not need",
            before: """
                r1 = 1
                goto L8
                r1 = 3
                r2 = 4 ll
                r1 = 6
                r1 = 7
                r1 = 8
                L8: r1 = 9
                r1 = 10
                pass
                """, need: { jumps($0).contains { $0 >= 2 } },
            after: """
                goto L3
                r2 = 4 ll
                L3: r1 = 9
                pass
                """),
        Example(
            reducer: SlotReducer(), title: "one of each code between borders",
            before: """
                r1 = 1
                r2 += 2
                r1 = 3
                r2 += 4
                r1 = 5
                pass
                delete 4
                """,
            need: { c in [0x07, 0xb7].allSatisfy { code in c.program.insns.contains { $0.code == code } } },
            after: """
                r2 += 2
                r1 = 5
                pass
                delete 1
                """),
        Example(
            reducer: PatchReducer(), title: "all but one and a jump out",
            before: """
                r1 = 1
                pass
                replace 0 with
                r1 = 2
                goto out
                r1 = 3
                kept
                r1 = 4
                """,
            need: { c in
                edits(c).contains { edit in
                    edit.keep != nil && edit.patch.contains { $0.imm == 3 }
                        && edit.patch.contains { $0.jumpKind.isJump }
                }
            },
            after: """
                r1 = 1
                pass
                replace 0 with
                goto out
                r1 = 3
                kept
                """),
        Example(
            reducer: PlainReducer(), title: "all but one instruction and a jump, which becomes a goto",
            before: """
                r3 = r4 .aux 5
                if r1 > 7 goto L0x
                L0x: exit
                r5 = 6 ll
                pass
                insert at 0
                r9 = r8
                """, need: { c in !jumps(c).isEmpty && c.program.insns.contains { $0.code == 0x95 } },
            after: """
                r0 = 1
                goto L2 {imm=2}
                L2: exit
                r0 = 4
                insn 0x00 dst 0 src 0 off 0 imm 0
                pass
                insert at 0
                r0 = 100
                """),
        Example(
            reducer: FieldReducer(), title: "registers, numbers and a jump",
            before: """
                .subprog 700
                .line 800
                if r7 > 900 goto L9
                r0 = 2
                r0 = 3
                r0 = 4
                r0 = 5
                r0 = 6
                r0 = 7
                r0 = 8
                r0 = 9
                L9: r0 = 10
                pass
                """, need: { c in jumps(c).contains { $0 > 0 } && c.program.insns.contains { $0.dst == 7 } },
            after: """
                .subprog 0
                .line 0
                if r7 > 1 goto +1
                r0 = 2
                r0 = 3
                r0 = 4
                r0 = 5
                r0 = 6
                r0 = 7
                r0 = 8
                r0 = 9
                r0 = 10
                pass
                """),
    ]

    private func parse(_ text: String) throws -> Case {
        try CaseFile.parse("# bpf-patch-fuzz case\n\nprogram\n" + text + "\n", file: "example.case")
    }

    @Test(arguments: examples) func reducer(example: Example) throws {
        let judge = NeedJudge(example.need)
        let minimization = Minimization(
            try parse(example.before), goal: .bucket("needy/error/wrong/none"), judge: judge, target: nil,
            limit: MinimizerLimit())
        #expect(minimization.runOriginal())
        minimization.run([example.reducer])
        let after = try parse(example.after)
        var best = minimization.best
        best.expected = nil
        #expect(best.program == after.program && best.passes == after.passes, "\(CaseFile.print(best))")
        #expect(minimization.statistics.map(\.name) == [example.reducer.name])
        #expect(minimization.statistics[0].successes > 0)
        #expect(minimization.statistics[0].runs == minimization.runs - 1 && judge.asked.count == minimization.runs)
        #expect(Set(judge.asked).count == judge.asked.count, "a case was run twice")
    }

    /// A finding with a place, in the middle of what it has nothing to do with.
    @Test func focus() throws {
        let before = try parse(
            """
            r1 = 1
            .line 5
            r2 = 2
            L2: r3 = 3
            r1 = 4
            if r1 > 5 goto L2
            r6 = 6 ll
            goto L2
            r9 = 10
            pass
            insert at 0
            r1 = 9
            insert at 3
            r1 = 8
            r1 = 7
            delete 8
            """)
        let patcher = FaultyPatcher(.jaForgotten)
        let minimization = Minimization(
            before, goal: .bucket("faulty/wrong-landing/ja-backward/insert"), judge: ResidentJudge([patcher]),
            target: "faulty", limit: MinimizerLimit())
        #expect(minimization.runOriginal())
        minimization.run([FocusReducer()])
        let after = try parse(
            """
            L0: r0 = 1
            r0 = 2
            goto L0
            pass
            insert at 1
            r0 = 100
            """)
        let best = minimization.best
        #expect(best.program == after.program && best.passes == after.passes, "\(CaseFile.print(best))")
        #expect(minimization.statistics[0].runs == 1)
    }

    /// What is ill formed is not run.
    @Test func illFormedCandidatesCostNothing() throws {
        let judge = NeedJudge { _ in true }
        let minimization = Minimization(
            try parse("r1 = 1\npass\ndelete 0"), goal: .bucket("needy/error/wrong/none"), judge: judge, target: nil,
            limit: MinimizerLimit())
        struct Emptier: Reducer {
            let name = "emptier"
            func minimize(_ minimization: Minimization) {
                _ = minimization.attempt { $0.program.insns = [] }
                _ = minimization.attempt { $0.passes[0].edits[0].remove = 0 }
            }
        }
        minimization.run([Emptier()])
        #expect(minimization.runs == 0 && judge.asked.isEmpty && minimization.statistics[0].calls == 2)
    }

    /// What costs too much waits until as much was run.
    @Test func whatIsDearIsPutOff() throws {
        struct Pairs: Reducer {
            let name = "pairs"
            func minimize(_ minimization: Minimization) {
                if !minimization.canAfford(2) { return }
                _ = minimization.attempt { $0.program.lines = [] }
            }
        }
        struct Singles: Reducer {
            let name = "singles"
            func minimize(_ minimization: Minimization) {
                for row in minimization.best.program.lines.indices {
                    _ = minimization.attempt { $0.program.lines.remove(at: row) }
                }
            }
        }
        let judge = NeedJudge { $0.program.lines.count != 1 }
        let minimization = Minimization(
            try parse(".line 1\nr1 = 1\n.line 2\nr1 = 2\npass"), goal: .bucket("needy/error/wrong/none"), judge: judge,
            target: nil, limit: MinimizerLimit())
        minimization.run([Pairs(), Singles()])
        #expect(minimization.best.program.lines.isEmpty && minimization.runs == 3)
    }

    /// A long program of which hardly anything is needed comes down in a few runs, however long it is.
    @Test(arguments: [1_000, 30_000]) func longProgramIsCheap(count: Int) {
        var insns = (1...count).map { Instruction(code: Opcode.movImmediate64, imm: Int32($0)) }
        // Jumps at every tenth slot, and one that is needed.
        for slot in stride(from: 9, to: count, by: 10) { insns[slot] = Instruction(code: Opcode.ja, off: -4) }
        insns[count / 2 + 3] = Instruction(code: Opcode.gotol, imm: -3)
        let edits = stride(from: 0, to: count, by: 20).map {
            Edit(off: InputIndex($0), remove: 0, patch: [Instruction(code: Opcode.movImmediate64)])
        }
        let judge = NeedJudge { c in c.program.insns.contains { $0.code == Opcode.gotol } && !Self.edits(c).isEmpty }
        let result = Minimizer(judge).minimize(
            Case(program: Program(insns: insns), passes: [Pass(edits: edits)]), bucket: "needy/error/wrong/none")
        let size = CaseSize(result.smallest)
        #expect(size.insns == 1 && size.edits == 1 && size.patchInsns == 1, "\(size)")
        #expect(result.candidates < 100, "\(result.reducers)")
    }

    /// A minimization that is told to end runs nothing more, and keeps what it has.
    @Test func interruptKeepsTheSmallest() throws {
        let judge = NeedJudge { $0.program.insns.contains { $0.imm == 3 } }
        let insns = (1...50).map { Instruction(code: Opcode.movImmediate64, imm: Int32($0)) }
        var seen = 0
        let limit = MinimizerLimit(isLate: { judge.asked.count >= 5 }, progress: { _ in seen += 1 })
        let result = Minimizer(judge, limit: limit).minimize(
            Case(program: Program(insns: insns), passes: [Pass()]), bucket: "needy/error/wrong/none")
        #expect(result.isInterrupted && judge.asked.count == 5 && seen == 4)
        #expect(result.smallest.program.insns.count < 50 && result.finding != nil)
        let whole = Minimizer(judge).minimize(result.smallest, bucket: "needy/error/wrong/none")
        #expect(!whole.isInterrupted && whole.smallest.program.insns.count == 1)
        #expect(whole.candidates == 1 + whole.reducers.reduce(0) { $0 + $1.runs })
    }
}
