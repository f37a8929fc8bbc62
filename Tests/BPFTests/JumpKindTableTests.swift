import Testing

@testable import BPF

/// The jump kind table agrees with the properties of `Instruction`.
@Suite struct JumpKindTableTests {
    /// Offsets at the limits of both fields.
    private static let offsets = [0, 1, -1, 32767, -32768, 32768, -32769, Int(Int32.max), Int(Int32.min), 1 << 31]

    @Test(arguments: UInt8.min...UInt8.max) func fieldMatchesTheInstruction(_ code: UInt8) {
        let table = JumpKindTable()
        for registers in UInt8.min...UInt8.max {
            let insn = Instruction(code: code, registers: registers, off: -2, imm: 0x7654_3210)
            let kind = insn.jumpKind
            #expect(table.view.count(insn) == (kind == .none ? 0 : 1), "code \(code), registers \(registers)")
            if kind == .none { continue }
            let field = table.view.field(of: insn)
            #expect(field.isCall == kind.isCall, "code \(code)")
            #expect(field.offset(in: insn) == insn.jumpOffset(kind), "code \(code)")
            for offset in Self.offsets {
                var expected = insn
                let fits = expected.setJumpOffset(offset, kind)
                #expect(field.setting(offset, in: insn) == expected, "code \(code), offset \(offset)")
                #expect(field.fits(offset) == fits, "code \(code), offset \(offset)")
            }
        }
    }
}
