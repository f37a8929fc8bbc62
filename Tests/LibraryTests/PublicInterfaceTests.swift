import BPF
import Patching
import Testing

/// The library as another package sees it: this target is built without access to `package` declarations.
struct PublicInterfaceTests {
    private static let nanoseconds = Instruction(code: Opcode.call, imm: 5)

    private func makeProgram() throws -> Program {
        try Program(
            """
            call 5
            if r0 == 0 goto done
            r0 = 2
            done: exit
            """)
    }

    /// The example of the README.
    @Test func rewrite() throws {
        let patcher = try InstructionPatcher(makeProgram())
        for insn in patcher where insn.insn == Self.nanoseconds {
            try patcher.replace(with: Patch("kept; if r0 != 0 goto out; r0 = 1"))
        }
        let result = try patcher.finish()
        #expect(result.insns.count == 6)
        #expect(result.insns[0] == Self.nanoseconds)
        #expect(try Program("\(result)") == result)
        #expect(patcher.currentIndex(of: InputIndex(1)) == OutputIndex(3))
        #expect(patcher.landing(of: InputIndex(3)) == OutputIndex(5))
    }

    @Test func editsByIndex() throws {
        let patcher = try InstructionPatcher(makeProgram())
        var patch = Patch()
        let skipped = patch.makeLabel()
        patch.add(Instruction(code: Opcode.ja), to: .label(skipped))
        patch.add(Instruction(code: Opcode.ja), to: .instruction(InputIndex(3)))
        patch.place(skipped)
        patch.addKept()
        try patcher.replace(InputIndex(2), with: patch)
        try patcher.insert([Instruction(code: Opcode.movImmediate64)], before: InputIndex(0), skip: true)
        try patcher.delete(InputIndex(0))
        #expect(!patcher.survives(InputIndex(0)))
        try patcher.beginPhase()
        #expect(patcher.endIndex == InputIndex(6))
        #expect(patcher.next()?.insn.code == Opcode.movImmediate64)
    }

    @Test func errors() throws {
        let patcher = try InstructionPatcher(makeProgram())
        #expect(throws: PatchingError.self) { try patcher.insert(Patch(), before: InputIndex(0)) }
        try patcher.delete(InputIndex(0)..<InputIndex(2))
        let error = #expect(throws: PatchingError.removed(InputIndex(1))) { try patcher.delete(InputIndex(1)) }
        #expect(error?.status == .einval)
        #expect(throws: ProgramFault.self) { try InstructionPatcher(Program(insns: [])) }
        #expect(throws: Program.TextError.self) { try Program("goto") }
    }

    @Test func singleInstructions() throws {
        let statement = try Assembler.statement("if r1 != 0 goto +3")
        #expect(statement.insn.jumpKind == .short)
        #expect(statement.insn.jumpOffset(.short) == 3)
        #expect(Disassembler.text(of: statement.insn) == "if r1 != 0 goto +3")
        #expect(Program(insns: [Instruction(code: Opcode.ja, off: 1)]).fault()?.rule == .targetOutside)
    }
}
