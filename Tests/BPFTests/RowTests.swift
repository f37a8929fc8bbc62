import BPF
import Testing

/// Rows are compared in blocks of several sizes; no byte of them may be left out.
struct RowTests {
    private func everyByteCounts<Element: BitwiseCopyable>(_ make: (UInt64) -> Element, bits: UInt64) {
        let one = RowStorage<Element>(capacity: 80)
        let two = RowStorage<Element>(capacity: 80)
        let left = one.row(as: Slot.self)
        let right = two.row(as: Slot.self)
        for slot in 0..<80 {
            left[Slot(slot)] = make(UInt64(slot))
            right[Slot(slot)] = make(UInt64(slot))
        }
        for count in 0...70 {
            // What lies behind the counted elements differs and does not matter.
            right[Slot(count)] = make(~0)
            #expect(left.hasSameBytes(as: right, count: count), "\(count)")
            for slot in 0..<count {
                for bit in stride(from: 0, to: bits, by: 8) {
                    right[Slot(slot)] = make(UInt64(slot) ^ 1 << bit)
                    #expect(!left.hasSameBytes(as: right, count: count), "\(count): bit \(bit) of \(slot)")
                }
                right[Slot(slot)] = make(UInt64(slot))
            }
            right[Slot(count)] = make(UInt64(count))
        }
    }

    @Test func everyByteOfInstructionsCounts() { everyByteCounts(Instruction.init(bits:), bits: 64) }
    @Test func everyByteOfWordsCounts() { everyByteCounts(UInt32.init(truncatingIfNeeded:), bits: 32) }
    @Test func everyByteCounts() { everyByteCounts(UInt8.init(truncatingIfNeeded:), bits: 8) }

    /// Of 64 instructions, code and registers of each count, and nothing else, nor what stands around them.
    @Test func instructionsAreAlikeByCodeAndRegisters() {
        let storage = RowStorage<Instruction>(capacity: 70)
        let row = storage.row(as: Slot.self)
        let other = Instruction(code: 0x05, dst: 2, off: 1, imm: 1)
        for start in [0, 3, 6] {
            row.fill(70, from: Slot(0), with: other)
            for slot in start..<start + 64 {
                row[Slot(slot)] = Instruction(code: 0xb7, dst: 1, off: Int16(slot), imm: Int32(-slot))
            }
            #expect(row.areAlike(from: Slot(start)))
            for slot in start..<start + 64 {
                let insn = row[Slot(slot)]
                for bit in 0..<16 {
                    row[Slot(slot)] = Instruction(bits: insn.bits ^ 1 << UInt64(bit))
                    #expect(!row.areAlike(from: Slot(start)), "bit \(bit) of \(slot)")
                }
                row[Slot(slot)] = insn
            }
        }
    }
}
