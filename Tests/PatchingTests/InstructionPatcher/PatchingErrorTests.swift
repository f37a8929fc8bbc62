import BPF
import Patching
import Testing

/// The errors of `InstructionPatcher`.
struct PatchingErrorTests {
    private let plain: Patch = [Instruction(code: Opcode.movImmediate64, dst: 9, imm: 9)]

    private func at(_ index: Int) -> InputIndex { InputIndex(index) }

    private func program() throws -> Program { try Program.twoSubprograms() }

    typealias Step = @Sendable (InstructionPatcher) throws -> Void

    /// Malformed edits and the rule that each breaks.
    static let malformed: [(MalformedEdit.Rule, Int, Step)] = [
        (.outside, 0, { try $0.delete(InputIndex(8)) }),
        (.outside, 0, { try $0.delete(InputIndex(7)..<InputIndex(9)) }),
        (.outside, 0, { try $0.insert(Patch("exit"), before: InputIndex(9)) }),
        (.outside, 0, { try $0.insert(Patch("exit"), after: InputIndex(8)) }),
        (.splitsWideLoad, 0, { try $0.delete(InputIndex(2)) }),
        (.splitsWideLoad, 0, { try $0.delete(InputIndex(0)..<InputIndex(2)) }),
        (.splitsWideLoad, 0, { try $0.insert(Patch("exit"), before: InputIndex(2)) }),
        (.nothing, 0, { try $0.insert(Patch(), before: InputIndex(3)) }),
        (.nothing, 0, { try $0.insert(Patch(), after: InputIndex(3)) }),
        (.nothing, 0, { try $0.delete(InputIndex(3)..<InputIndex(3)) }),
        (.keepWidth, 0, { try $0.insert(Patch("kept"), before: InputIndex(3)) }),
        (.keepWidth, 0, { try $0.insert(Patch("kept"), after: InputIndex(3)) }),
        (.keepWidth, 0, { try $0.replace(InputIndex(3)..<InputIndex(5), with: Patch("kept")) }),
        (.keepWidth, 0, { try $0.append(Patch("kept")) }),
        (.brokenWideLoad, 1, { try $0.replace(InputIndex(3), with: Patch("exit; insn 0x18")) }),
        (.refCall, 0, { try $0.replace(InputIndex(3), with: Patch("call @5")) }),
        (.targetOutside, 0, { try $0.replace(InputIndex(3), with: Patch("goto +1")) }),
        (.targetSecondSlot, 0, { try $0.replace(InputIndex(3), with: Patch("goto +1; r1 = 5 ll")) }),
        (.callWithoutRef, 1, { try $0.replace(InputIndex(3), with: Patch("exit; call +0")) }),
        (.subprogramInside, 0, { try $0.replace(InputIndex(5)..<InputIndex(7), with: Patch("exit")) }),
        (
            .targetOutside, 0,
            {
                var patch = Patch()
                patch.add(Instruction(code: Opcode.ja), to: .end)
                for _ in 0..<40_000 { patch.add(Instruction(code: Opcode.exit)) }
                try $0.replace(InputIndex(3), with: patch)
            }
        ),
    ]

    @Test(arguments: malformed.indices) func aMalformedEditIsRefused(_ number: Int) throws {
        let (rule, slot, edit) = PatchingErrorTests.malformed[number]
        let patcher = try InstructionPatcher(program())
        #expect(throws: PatchingError.malformed(MalformedEdit(rule: rule, edit: 0, slot: slot))) { try edit(patcher) }
        try patcher.insert(plain, before: at(0))
        #expect(throws: PatchingError.malformed(MalformedEdit(rule: rule, edit: 1, slot: slot))) { try edit(patcher) }
        #expect(patcher.currentCount == 9)
        let expected = try InstructionPatcher(program())
        try expected.insert(plain, before: at(0))
        #expect(try patcher.finish() == expected.finish())
    }

    @Test func theRefusedPassIsNamed() throws {
        let patcher = try InstructionPatcher(Program("goto t; r1 = 101; t: r1 = 102; exit"))
        try patcher.insert(plain, before: at(0))
        try patcher.insert(plain, before: at(2))
        try patcher.beginPhase()
        #expect(patcher.passCount == 1)
        try patcher.insert(plain, before: at(2))
        try patcher.replace(at(2)..<at(5), with: plain)
        #expect(throws: PatchingError.refused(pass: 2)) { try patcher.commit() }
        #expect(patcher.passCount == 2)
        // The patcher cannot be used after that.
        try patcher.insert(plain, before: at(0))
        #expect(throws: PatchingError.refused(pass: 2)) { try patcher.beginPhase() }
        #expect(throws: PatchingError.refused(pass: 2)) { try patcher.finish() }
        let buffer = ProgramBuffer()
        #expect(throws: PatchingError.refused(pass: 2)) { try patcher.finish(into: buffer) }
        #expect(buffer.insnCount == 0)
    }

    static let unlanded: [(String, Step)] = [
        ("r1 = 0; exit", { try $0.delete(InputIndex(0)..<InputIndex(2)) }),
        ("t: r1 = 0; goto t; exit", { try $0.insert(Patch("goto @9"), before: InputIndex(0)) }),
        ("r1 = 0; exit", { try $0.append(Patch("goto out")) }),
    ]

    @Test(arguments: unlanded.indices) func aJumpWithoutALandingIsRefused(_ number: Int) throws {
        let (listing, edit) = PatchingErrorTests.unlanded[number]
        let patcher = try InstructionPatcher(Program(listing))
        try edit(patcher)
        #expect(throws: PatchingError.refused(pass: 0)) { try patcher.finish() }
    }

    @Test func anOffsetThatDoesNotFitIsOutOfRange() throws {
        var insns = Array(repeating: Instruction(code: Opcode.movImmediate64), count: 32_768)
        insns[0] = Instruction(code: Opcode.ja, off: 32_766)
        let patcher = try InstructionPatcher(Program(insns: insns))
        try patcher.insert(plain, before: at(2))
        try patcher.commit()
        try patcher.insert(plain, before: at(1))
        let error = #expect(throws: PatchingError.outOfRange(pass: 1)) { try patcher.commit() }
        #expect(error?.status == .erange)
    }

    @Test func errorsHaveADescription() {
        let malformed = PatchingError.malformed(MalformedEdit(rule: .nothing, edit: 3, slot: 0))
        #expect("\(malformed)" == "EINVAL: edit 3, slot 0: \(MalformedEdit.Rule.nothing.rawValue)")
        #expect("\(PatchingError.removed(at(7)))" == "EINVAL: an earlier edit has removed instruction 7")
        #expect(PatchingError.refused(pass: 1).status == .einval)
        #expect(malformed.status == .einval)
    }
}
