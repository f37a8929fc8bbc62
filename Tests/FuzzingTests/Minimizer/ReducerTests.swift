import BPF
import Patching
import Testing

@testable import Fuzzing

/// Each reducer alone on its examples.
struct ReducerTests {
    /// A judge with a finding in each case that has the required part.
    final class NeedJudge: CaseJudge {
        let names = ["needy"]
        private let rule: BrokenRule
        private let place: Int
        private let need: (Case) -> Bool
        private(set) var asked: [Case] = []
        private(set) var finished: [Case] = []

        init(rule: BrokenRule = .error, place: Int = 0, _ need: @escaping (Case) -> Bool) {
            self.rule = rule
            self.place = place
            self.need = need
        }

        func findings(of c: Case, against target: String?) -> [Finding] {
            asked.append(c)
            if !need(c) { return [] }
            // The pass with a deletion.
            let pass = c.passes.firstIndex { $0.edits.contains { $0.patch.isEmpty } } ?? 0
            return [
                Finding(target: "needy", rule: rule, insn: "wrong", edit: "none", pass: pass, place: place, detail: "")
            ]
        }

        func oracle(for c: Case) -> Oracle {
            finished.append(c)
            return .reference
        }
    }

    /// The expectation of a stored case is computed by the oracle that judges it.
    @Test func expectationComesFromTheJudge() throws {
        let c = try parse("r1 = 1\nr2 = 2\n\npass\n  delete 0 count 1")
        let judge = NeedJudge { !$0.passes.isEmpty }
        let result = Minimizer(judge).minimize(c, bucket: "needy/error/wrong/none")
        #expect(judge.finished.last?.target == "needy" && judge.finished.last?.passes == result.smallest.passes)
        #expect(result.smallest.expected != nil)
    }

    private func parse(_ text: String) throws -> Case {
        try CaseFile.parse("# bpf-patch-fuzz case\n\nprogram\n" + text + "\n", file: "example.case")
    }

    @Test(arguments: examples + detailExamples) func reducer(example: Example) throws {
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
        #expect(minimization.statistics[0].runs <= example.runs)
        #expect(minimization.statistics[0].runs == minimization.runs - 1 && judge.asked.count == minimization.runs)
        #expect(Set(judge.asked).count == judge.asked.count, "a case was run twice")
    }

    /// Every reducer of the minimizer has an example, and so does the one for findings with a place.
    @Test func everyReducerHasAnExample() {
        let names = Set((Self.examples + Self.detailExamples).map(\.reducer.name))
        #expect(names.union([FocusReducer().name]) == Set(Minimizer.reducers.map(\.name) + [WideLoadReducer().name]))
    }

    /// A finding with a place, between unrelated instructions.
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
            before, goal: .bucket("faulty/wrong-landing/ja-backward/insert"), judge: InProcessJudge([patcher]),
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

    /// A finding that needs more than single instructions: whole patches, or everything between a jump and its target.
    @Test(arguments: focusExamples) func focusKeepsPatchesOrSpans(example: FocusExample) throws {
        let judge = NeedJudge(rule: .layout, place: example.place, example.need)
        let minimization = Minimization(
            try parse(example.before), goal: .bucket("needy/layout/wrong/none"), judge: judge, target: nil,
            limit: MinimizerLimit(candidates: 1 + example.runs))
        #expect(minimization.runOriginal())
        minimization.run([FocusReducer()])
        let after = try parse(example.after)
        let best = minimization.best
        #expect(best.program == after.program && best.passes == after.passes, "\(CaseFile.print(best))")
        #expect(
            minimization.statistics[0].runs == example.runs && minimization.statistics[0].successes == 1,
            "\(minimization.statistics)")
    }

    struct FocusExample: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// The slot of the finding in the result.
        var place: Int
        var before: String
        var need: @Sendable (Case) -> Bool
        var after: String
        /// The number of candidates until one is accepted.
        var runs: Int
    }

    static let focusExamples = [
        FocusExample(
            testDescription: "whole patches", place: 1,
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                insert at 1
                r1 = 9
                r1 = 8
                """, need: { edits($0).contains { $0.patch.count == 2 } },
            after: """
                r0 = 1
                pass
                insert at 0
                r0 = 100
                r0 = 101
                """, runs: 2),
        FocusExample(
            testDescription: "all between a jump and its target", place: 4,
            before: """
                r1 = 1
                L1: r1 = 2
                r1 = 3
                goto L1
                r1 = 5
                r1 = 6
                pass
                insert at 2
                r1 = 9
                delete 5
                """, need: { c in c.program.insns.contains { $0.imm == 3 } },
            after: """
                r1 = 1
                L1: r1 = 2
                r1 = 3
                goto L1
                r1 = 5
                pass
                insert at 2
                r1 = 9
                """, runs: 2),
    ]

    /// At the 16-bit limit, the jump and the slots that it must cross survive.
    @Test func focusAtTheLimit() {
        var insns = (1...40_000).map { Instruction(code: Opcode.movImmediate64, imm: Int32($0)) }
        insns[500] = Instruction(code: Opcode.ja, off: 32_700)
        let edits = [900, 39_000].map { Edit(off: InputIndex($0), remove: 0, patch: Array(insns.prefix(100))) }
        let minimization = Minimization(
            Case(program: Program(insns: insns), passes: [Pass(edits: edits)]),
            goal: .bucket("faulty/error/erange-became-accepted/insert"),
            judge: InProcessJudge([FaultyPatcher(.rangeUnchecked)]), target: "faulty", limit: MinimizerLimit())
        #expect(minimization.runOriginal())
        minimization.run([FocusReducer()])
        let best = minimization.best
        // A slot before the jump and one after its target, and a distance of 32,768 in the result.
        #expect(best.passes[0].edits.count == 1 && best.program.insns.count == 3 + 32_768 + 1 - 100)
        #expect(minimization.statistics[0].runs == 1)
    }

    /// The reducers start again after a changed instruction, but not after changed markers.
    @Test(arguments: [false, true]) func turnsEndWithMarkers(isOther: Bool) throws {
        final class Turns: Reducer, @unchecked Sendable {
            let name = "turns"
            var count = 0
            func minimize(_ minimization: Minimization) { count += 1 }
        }
        struct Changer: Reducer {
            let name = "changer"
            let isOther: Bool
            func minimize(_ minimization: Minimization) {
                _ = minimization.attempt { c in
                    if isOther { c.program.insns[0].code = Opcode.movImmediate64 } else { c.program.insns[0].imm = 1 }
                }
            }
        }
        let turns = Turns()
        let minimization = Minimization(
            try parse(isOther ? "r1 |= 100\npass" : "r1 = 100\npass"), goal: .bucket("needy/error/wrong/none"),
            judge: NeedJudge { _ in true },
            target: nil, limit: MinimizerLimit())
        minimization.run([turns, Changer(isOther: isOther)])
        #expect(turns.count == (isOther ? 2 : 1) && minimization.runs == 1)
    }

    /// Ill-formed candidates are not run.
    @Test func illFormedCandidatesAreNotRun() throws {
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

    /// An expensive reducer is postponed until the others have cost as much.
    @Test func expensiveReducersArePostponed() throws {
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

    /// A long program with a small required part is minimized in few runs, independent of its length.
    @Test(arguments: [1_000, 8_000]) func longProgramIsCheap(count: Int) {
        var insns = (1...count).map { Instruction(code: Opcode.movImmediate64, imm: Int32($0)) }
        // A jump at every tenth slot; one of them is required.
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

    /// Instructions of a long program that a marker would enlarge are neither run nor measured.
    @Test func longMarkersAreNotMeasured() throws {
        var insns = (1...2_000).map { Instruction(code: Opcode.movImmediate64, imm: Int32($0)) }
        // The plain form of a jump is smaller and is tried. Its `goto` form and the plain form of a move are larger.
        for slot in stride(from: 1_000, to: 2_000, by: 20) {
            insns[slot] = Instruction(code: Opcode.ja)
            insns[slot + 10] = Instruction(code: Opcode.movImmediate64, dst: 1)
        }
        let judge = NeedJudge { c in c.program.insns.filter { $0.code == Opcode.ja }.count == 50 }
        let minimization = Minimization(
            Case(program: Program(insns: insns), passes: [Pass()]), goal: .bucket("needy/error/wrong/none"),
            judge: judge, target: nil, limit: MinimizerLimit())
        #expect(minimization.runOriginal())
        minimization.run([PlainReducer()])
        let statistics = minimization.statistics[0]
        #expect(statistics.runs >= 50 && statistics.calls - statistics.runs < 10, "\(statistics)")
    }

    /// An interrupted minimization runs no more candidates and keeps the smallest case.
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
