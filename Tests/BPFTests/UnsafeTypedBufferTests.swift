import BPF
import Testing

/// Buffers are compared in blocks of several sizes. Every byte must count.
struct UnsafeTypedBufferTests {
    private func everyByteCounts<Element: BitwiseCopyable>(_ make: (UInt64) -> Element, bits: UInt64) {
        let one = Scratch<Element>(capacity: 80)
        let two = Scratch<Element>(capacity: 80)
        let left = one.buffer(as: Slot.self)
        let right = two.buffer(as: Slot.self)
        for slot in 0..<80 {
            unsafe left[Slot(slot)] = make(UInt64(slot))
            unsafe right[Slot(slot)] = make(UInt64(slot))
        }
        for count in 0...70 {
            // Elements after the compared ones differ and must not count.
            unsafe right[Slot(count)] = make(~0)
            #expect(unsafe left.hasSameBytes(as: right, count: count), "\(count)")
            for slot in 0..<count {
                for bit in stride(from: 0, to: bits, by: 8) {
                    unsafe right[Slot(slot)] = make(UInt64(slot) ^ 1 << bit)
                    #expect(unsafe !left.hasSameBytes(as: right, count: count), "\(count): bit \(bit) of \(slot)")
                }
                unsafe right[Slot(slot)] = make(UInt64(slot))
            }
            unsafe right[Slot(count)] = make(UInt64(count))
        }
    }

    @Test func everyByteOfInstructionsCounts() { everyByteCounts(Instruction.init(bits:), bits: 64) }
    @Test func everyByteOfWordsCounts() { everyByteCounts(UInt32.init(truncatingIfNeeded:), bits: 32) }
    @Test func everyByteCounts() { everyByteCounts(UInt8.init(truncatingIfNeeded:), bits: 8) }

    /// Only the code and registers of the 64 instructions count, not their other fields or neighbours.
    @Test func instructionsAreAlikeByCodeAndRegisters() {
        let storage = Scratch<Instruction>(capacity: 70)
        let buffer = storage.buffer(as: Slot.self)
        let other = Instruction(code: 0x05, dst: 2, off: 1, imm: 1)
        for start in [0, 3, 6] {
            unsafe buffer.fill(70, from: Slot(0), with: other)
            for slot in start..<start + 64 {
                unsafe buffer[Slot(slot)] = Instruction(code: 0xb7, dst: 1, off: Int16(slot), imm: Int32(-slot))
            }
            #expect(unsafe buffer.areAlike(from: Slot(start)))
            for slot in start..<start + 64 {
                let insn = unsafe buffer[Slot(slot)]
                for bit in 0..<16 {
                    unsafe buffer[Slot(slot)] = Instruction(bits: insn.bits ^ 1 << UInt64(bit))
                    #expect(unsafe !buffer.areAlike(from: Slot(start)), "bit \(bit) of \(slot)")
                }
                unsafe buffer[Slot(slot)] = insn
            }
        }
    }
}
