import BPF
import Testing

@testable import Patching

/// What is calculated of a jump's form against what `BPF` says of the instruction, for every code and registers.
@Suite struct JumpFormTests {
    /// Offsets at the borders of both fields.
    private static let offsets = [0, 1, -1, 32767, -32768, 32768, Int(Int32.max), Int(Int32.min)]

    @Test(arguments: UInt8.min...UInt8.max) func formIsThatOfTheInstruction(_ code: UInt8) {
        let table = JumpForm.Table()
        let form = table.row[Slot(Int(code))]
        for registers in UInt8.min...UInt8.max {
            let insn = Instruction(code: code, registers: registers, off: -2, imm: 0x7654_3210)
            let kind = insn.jumpKind
            #expect(form.isJump(insn.bits) == (kind != .none), "code \(code), registers \(registers)")
            if kind == .none { continue }
            #expect(form.isShort == (kind == .short), "code \(code)")
            #expect(form.isCall == kind.isCall, "code \(code)")
            #expect(form.offset(of: insn.bits) == insn.jumpOffset(kind), "code \(code)")
            for offset in JumpFormTests.offsets {
                var expected = insn
                _ = expected.setJumpOffset(offset, kind)
                #expect(form.setting(offset, in: insn.bits) == expected.bits, "code \(code), offset \(offset)")
            }
        }
    }
}
