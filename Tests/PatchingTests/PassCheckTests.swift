import BPF
import Patching
import Testing

/// A minimal malformed edit for each rule, written by hand.
struct PassCheckTests {
    /// An edit and the place of its fault.
    struct Row: Sendable, CustomStringConvertible {
        var rule: MalformedEdit.Rule
        var edits: [Edit]
        var slot: Int

        init(_ rule: MalformedEdit.Rule, slot: Int = 0, _ edits: Edit...) {
            (self.rule, self.slot, self.edits) = (rule, slot, edits)
        }

        var description: String { "\(rule)" }
    }

    private static let plain = Instruction(code: Opcode.movImmediate64)
    private static let wide = Instruction(code: Opcode.loadImmediate64)
    private static let call = Instruction(code: Opcode.call, src: Opcode.pseudoCall)

    private static func ja(_ off: Int16) -> Instruction { Instruction(code: Opcode.ja, off: off) }

    private static func edit(
        _ off: Int, _ remove: UInt32, _ patch: [Instruction] = [], keep: Int? = nil, refs: [(Int, Int)] = [],
        skip: Bool = false
    ) -> Edit {
        Edit(
            off: InputIndex(off), remove: remove, patch: patch, keep: keep.map(PatchIndex.init),
            refs: refs.map { Ref(from: PatchIndex($0), to: InputIndex($1)) }, skip: skip)
    }

    /// Six slots: a wide load at 0, a subprogram at 4.
    private static let program = Program(
        insns: [wide, .zero, plain, plain, plain, plain],
        subprograms: [Subprogram(start: 0, id: 0), Subprogram(start: 4, id: 1)])

    static let rows: [Row] = [
        Row(.outside, edit(6, 1)),
        Row(.outside, edit(7, 0, [plain])),
        Row(.outside, edit(3, .max)),
        Row(.order, edit(3, 1), edit(2, 1)),
        Row(.order, edit(2, 2), edit(3, 1)),
        Row(.order, edit(2, 0, [plain]), edit(2, 1)),
        Row(.splitsWideLoad, edit(1, 1)),
        Row(.splitsWideLoad, edit(0, 1)),
        Row(.splitsWideLoad, edit(1, 0, [plain])),
        Row(.skipWithoutInsertion, edit(2, 1, [plain], skip: true)),
        Row(.nothing, edit(2, 0)),
        Row(.keepWidth, edit(2, 2, [.zero, .zero], keep: 0)),
        Row(.keepWidth, edit(2, 0, [plain], keep: 0)),
        Row(.keepOutside, edit(2, 1, [plain], keep: 1)),
        Row(.keepOutside, edit(2, 1, keep: 0)),
        Row(.keepOutside, edit(0, 2, [.zero, .zero], keep: 1)),
        Row(.brokenWideLoad, edit(2, 1, [wide])),
        Row(.brokenWideLoad, edit(2, 1, [wide, plain])),
        Row(.brokenWideLoad, edit(2, 1, [wide, .zero], keep: 1)),
        Row(.refOutside, slot: 1, edit(2, 1, [ja(0)], refs: [(1, 0)])),
        Row(.refOutside, edit(2, 1, refs: [(0, 0)])),
        Row(.refSlot, edit(2, 1, [.zero], keep: 0, refs: [(0, 0)])),
        Row(.refSlot, slot: 1, edit(2, 1, [wide, .zero], refs: [(1, 0)])),
        Row(.refWithoutJump, edit(2, 1, [plain], refs: [(0, 0)])),
        Row(.refTwice, edit(2, 1, [ja(0)], refs: [(0, 0), (0, 2)])),
        Row(.refCall, edit(2, 1, [call], refs: [(0, 2)])),
        Row(.refCall, edit(2, 1, [call], refs: [(0, 6)])),
        Row(.targetOutside, edit(2, 1, [ja(1)])),
        Row(.targetOutside, edit(2, 1, [ja(-2)])),
        Row(.targetSecondSlot, slot: 2, edit(2, 1, [wide, .zero, ja(-2)])),
        Row(.targetSecondSlot, slot: 2, edit(0, 2, [.zero, .zero, ja(-2)], keep: 0)),
        Row(.callWithoutRef, edit(2, 1, [call])),
        Row(.callWithoutRef, edit(2, 1, [Instruction(code: 0x18, src: 4), .zero])),
        Row(.subprogramInside, edit(3, 2, [plain])),
    ]

    private func fault(_ edits: [Edit]) -> MalformedEdit? {
        let input = ProgramBuffer()
        input.load(PassCheckTests.program)
        let pass = PassBuffer()
        pass.load(Pass(edits: edits))
        return PassCheck.fault(in: pass.image, on: input.image())
    }

    @Test(arguments: rows) func ruleIsNamed(_ row: Row) {
        let expected = MalformedEdit(rule: row.rule, edit: row.edits.count - 1, slot: row.slot)
        #expect(fault(row.edits) == expected)
        // After a well-formed edit, the index of the faulty edit is one higher.
        if row.edits[0].off.position > 1 {
            let first = PassCheckTests.edit(0, 0, [PassCheckTests.plain])
            #expect(fault([first] + row.edits)?.edit == expected.edit + 1)
        }
    }

    @Test func everyRuleIsInTheTable() {
        #expect(Set(PassCheckTests.rows.map(\.rule)) == Set(MalformedEdit.Rule.allCases))
    }

    /// Well-formed edits that are close to a rule.
    @Test(arguments: [
        [edit(6, 0, [plain])], [edit(0, 2)], [edit(2, 0, [ja(0)], skip: true)], [edit(2, 1, [.zero], keep: 0)],
        [edit(0, 2, [.zero, .zero], keep: 0)], [edit(2, 1, [wide, .zero])], [edit(2, 1, [ja(9)], refs: [(0, 5)])],
        [edit(2, 1, [call], refs: [(0, 4)])], [edit(2, 1, [ja(-1)])], [edit(2, 1, [ja(0)])], [edit(3, 2)],
        [edit(2, 2, [plain])], [edit(4, 2, [plain])], [edit(2, 0, [plain]), edit(3, 1)], [],
    ]) func wellFormedEditsHaveNoFault(_ edits: [Edit]) {
        #expect(fault(edits) == nil)
    }
}
