import BPF
import Patching
import Testing

@testable import Fuzzing

/// Examples of reducers: a case, its required part, and the reduced case.
extension ReducerTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var reducer: any Reducer & Sendable
        var title: String
        var before: String
        var need: @Sendable (Case) -> Bool
        var after: String
        /// The limit for the number of candidates, if the reducer exists to save candidates.
        var runs = Int.max

        var testDescription: String { "\(reducer.name): \(title)" }
    }

    private static func hasSlot(_ imm: Int32, _ c: Case) -> Bool { c.program.insns.contains { $0.imm == imm } }
    static func edits(_ c: Case) -> [Edit] { c.passes.flatMap(\.edits) }
    private static func growth(_ c: Case) -> Int { edits(c).reduce(0) { $0 + $1.patch.count - Int($1.remove) } }
    static func jumps(_ c: Case) -> [Int] {
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
                """, runs: 1),
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
            reducer: WideLoadReducer(), title: "wide loads that need not be wide",
            before: """
                r3 = 0x123456789 ll
                r4 = 0x987654321 ll
                if r3 == 0 goto -3
                pass
                delete 4
                """, need: { c in hasSlot(0x2345_6789, c) && c.program.insns.contains { $0.dst == 4 } },
            after: """
                r3 = 0x123456789 ll
                r4 = 3
                if r3 == 0 goto -2
                pass
                delete 3
                """, runs: 2),
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
            reducer: SlotReducer(), title: "two side by side of which none can go alone",
            before: """
                r1 = 1
                r1 = 2
                .line 7
                r1 = 3
                r1 = 4
                pass
                delete 0
                """, need: { hasSlot(1, $0) && hasSlot(4, $0) && $0.program.insns.count % 2 == 0 },
            after: """
                r1 = 1
                r1 = 4
                pass
                delete 0
                """),
        Example(
            reducer: SlotReducer(), title: "with the deletion of them",
            before: """
                r1 = 1
                r1 = 2
                pass
                delete 0
                insert at 1
                r1 = 9
                """, need: { c in edits(c).contains { $0.remove == 0 && $0.off.position < c.program.insns.count } },
            after: """
                r1 = 2
                pass
                insert at 0
                r1 = 9
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
            need: { c in
                let codes = c.program.insns.map(\.code)
                return codes.contains(0x07) && codes.contains(0xb7) && !edits(c).isEmpty
            },
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
}
