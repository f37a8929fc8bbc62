import BPF
import Patching
import Testing

@testable import Fuzzing

/// Examples of reducers for references and single fields.
extension ReducerTests {
    private static func holds(_ imm: Int32, _ c: Case) -> Bool { c.program.insns.contains { $0.imm == imm } }
    private static func passes(_ c: Case, _ number: Int) -> [Edit] {
        number < c.passes.count ? c.passes[number].edits : []
    }

    static let detailExamples = [
        Example(
            reducer: PassReducer(), title: "all after one that has no finding of its own",
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
                """, need: { edits($0).contains { $0.patch[0].imm == 9 } },
            after: """
                r1 = 1
                pass
                insert at 0
                r1 = 9
                """, runs: 1),
        Example(
            reducer: TableReducer(), title: "all records at once",
            before: """
                .subprog 1
                .line 10
                r1 = 1
                .subprog 2
                .line 20
                r1 = 2
                .line 30
                r1 = 3
                pass
                """, need: { holds(3, $0) },
            after: """
                .subprog 1
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                """, runs: 2),
        Example(
            reducer: SubprogramReducer(), title: "refs to one that goes",
            before: """
                .subprog 1
                r1 = 1
                .subprog 2
                r1 = 2
                pass
                insert at 0
                goto @1
                """, need: { holds(1, $0) && !edits($0).isEmpty },
            after: """
                .subprog 1
                r1 = 1
                pass
                insert at 0
                goto +0
                """),
        Example(
            reducer: SubprogramReducer(), title: "calls to one that goes",
            before: """
                .subprog 1
                r1 = 1
                call L2
                .subprog 2
                L2: r1 = 2
                pass
                """, need: { holds(1, $0) && $0.program.insns.count >= 2 },
            after: """
                .subprog 1
                r1 = 1
                r0 = 0
                pass
                """),
        Example(
            reducer: EditReducer(), title: "refs of two that are side by side",
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                replace 0 with
                r1 = 9
                goto @2
                replace 1 with
                r1 = 8
                goto @0
                """, need: { edits($0).flatMap(\.refs).map(\.to.position) == [2, 0] },
            after: """
                r1 = 1
                r1 = 2
                r1 = 3
                pass
                replace 0 count 2 with
                r1 = 9
                goto @2
                r1 = 8
                goto @0
                """),
        Example(
            reducer: EditFormReducer(), title: "flags",
            before: """
                r1 = 1
                r1 = 2
                pass
                insert at 0, jumps skip
                r1 = 9
                replace 1 with
                r1 = 8
                kept
                """, need: { edits($0).count == 2 && edits($0)[1].remove == 1 },
            after: """
                r1 = 1
                r1 = 2
                pass
                insert at 0
                r1 = 9
                replace 1 with
                r1 = 8
                insn 0x00 dst 0 src 0 off 0 imm 0
                """),
        Example(
            reducer: EditFormReducer(), title: "the start of a range",
            before: """
                .fill 16 r1 = 1
                pass
                replace 8 count 8 with
                r1 = 9
                """, need: { edits($0).contains { $0.remove > 0 && $0.off.position + Int($0.remove) == 16 } },
            after: """
                .fill 16 r1 = 1
                pass
                replace 15 with
                r1 = 9
                """),
        Example(
            reducer: EditFormReducer(), title: "the whole range",
            before: """
                r1 = 1
                r1 = 2
                pass
                replace 1 with
                r1 = 9
                """, need: { !edits($0).isEmpty },
            after: """
                r1 = 1
                r1 = 2
                pass
                insert at 1
                r1 = 9
                """),
        Example(
            reducer: PlainReducer(), title: "all at once, each with a marker of its own",
            before: """
                r3 = r4 .aux 5
                r5 = r6 .aux 6
                pass
                insert at 0
                r9 = r8
                r8 = r7
                """, need: { edits($0).count == 1 },
            after: """
                r0 = 1
                r0 = 2
                pass
                insert at 0
                r0 = 100
                r0 = 101
                """, runs: 1),
        Example(
            reducer: SlotReducer(), title: "with all that points to slots",
            before: """
                .line 8
                r1 = 1
                r1 = 2
                .line 7
                r1 = 3
                pass
                insert at 2
                goto @2
                """, need: { c in holds(3, c) && c.program.lines.contains { $0.id == 7 } && !edits(c).isEmpty },
            after: """
                .line 7
                r1 = 3
                pass
                insert at 0
                goto @0
                """),
        Example(
            reducer: SlotReducer(), title: "a jump at the end of its subprogram reaches itself",
            before: """
                .subprog 1
                goto L1
                L1: r1 = 2
                .subprog 2
                r1 = 3
                pass
                """, need: { c in !jumps(c).isEmpty && holds(3, c) && c.program.subprograms.count == 2 },
            after: """
                .subprog 1
                L0: goto L0
                .subprog 2
                r1 = 3
                pass
                """),
        Example(
            reducer: SlotReducer(), title: "slots before the edits of a later pass",
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                r1 = 4
                pass
                insert at 0
                r1 = 9
                pass
                delete 4
                """, need: { c in passes(c, 1).contains { $0.off.position == c.program.insns.count } },
            after: """
                r1 = 1
                pass
                insert at 0
                r1 = 9
                pass
                delete 1
                """),
        Example(
            reducer: SlotReducer(), title: "slots that a later pass does not see",
            before: """
                r1 = 1
                r1 = 2
                r1 = 3
                r1 = 4
                r1 = 5
                r1 = 6
                r1 = 7
                pass
                delete 0 count 3
                pass
                delete 3
                """,
            need: { c in
                passes(c, 1).contains { $0.off.position == 3 } && c.program.insns.suffix(4).map(\.imm) == [4, 5, 6, 7]
            },
            after: """
                r1 = 4
                r1 = 5
                r1 = 6
                r1 = 7
                pass
                pass
                delete 3
                """),
        Example(
            reducer: PatchReducer(), title: "all but one with a ref",
            before: """
                r1 = 1
                pass
                replace 0 with
                r1 = 2
                goto @0
                may_goto @0
                r1 = 3
                """, need: { c in edits(c).flatMap(\.patch).contains { $0.code == Opcode.mayGoto } },
            after: """
                r1 = 1
                pass
                replace 0 with
                may_goto @0
                """),
        Example(
            reducer: PatchReducer(), title: "what precedes the kept instruction",
            before: """
                r1 = 1
                pass
                replace 0 with
                r1 = 2
                r1 = 3
                kept
                """, need: { c in edits(c).contains { $0.keep != nil } },
            after: """
                r1 = 1
                pass
                replace 0 with
                kept
                """),
        Example(
            reducer: FieldReducer(), title: "all fields but the code, and an aux word",
            before: """
                insn 0xbf dst 7 src 8 off 55 imm 66 .aux 50
                pass
                """, need: { c in c.program.insns.contains { $0.code == 0xbf } },
            after: """
                insn 0xbf dst 0 src 0 off 0 imm 1 .aux 1
                pass
                """),
        Example(
            reducer: FieldReducer(), title: "the marker of a gotol",
            before: """
                insn 0x06 dst 0 src 0 off 300 imm 0
                r0 = 2
                pass
                """, need: { c in c.program.insns.contains { $0.code == Opcode.gotol && $0.off != 0 } },
            after: """
                insn 0x06 dst 0 src 0 off 1 imm 0
                r0 = 2
                pass
                """),
    ]
}
