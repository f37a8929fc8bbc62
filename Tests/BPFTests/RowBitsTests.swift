import BPF
import Testing

/// Instructions read and written as numbers, against their fields.
@Suite struct RowBitsTests {
    static let insns = [
        Instruction.zero, Instruction(code: 0xff, registers: 0, off: 0, imm: 0),
        Instruction(code: 0, registers: 0xff, off: 0, imm: 0), Instruction(code: 0, registers: 0, off: -1, imm: 0),
        Instruction(code: 0, registers: 0, off: 0, imm: -1),
        Instruction(code: 0x12, registers: 0x34, off: 0x5678, imm: 0x1abc_def0),
    ]

    @Test(arguments: insns) func numberIsTheInstruction(_ insn: Instruction) {
        let storage = RowStorage<Instruction>(capacity: 3)
        let row: Row<Slot, Instruction> = storage.row()
        row.load([.zero, insn, .zero])
        #expect(row.bits(at: Slot(1)) == insn.bits)
        row.setBits(~insn.bits, at: Slot(1))
        #expect(row.array(count: 3) == [.zero, Instruction(bits: ~insn.bits), .zero])
    }
}
