import BPF
import Fuzzing
import Patching
import Testing

/// All designs and the oracle on long programs, which the oracle copies by runs and whose stretches without jumps it skips.
struct LongProgramTests {
    private static let seed: UInt64 = 16

    @Test(arguments: [511, 512, 700, 2000]) func designsAgree(_ insns: Int) {
        var fuzzer = Fuzzer(
            seed: Self.seed, shape: .fixed(insns: insns, edits: insns / 12, passes: 2),
            patchers: BuiltInPatchers.allCases.map { $0.make() })
        for index in 0..<UInt64(60) {
            let isClean = fuzzer.run(index: index)
            #expect(isClean, "seed \(Self.seed), \(insns) slots, case \(index): \(fuzzer.findings.first?.detail ?? "")")
        }
    }

    /// The oracle detects a jump anywhere among 64 equal instructions: out of range without an edit, or moved by one.
    @Test(arguments: [0, 1, 63, 64, 127, 128, 190, 191]) func jumpsInPlainStretchesAreDetected(_ slot: Int) throws {
        var insns = [Instruction](repeating: Instruction(code: Opcode.movImmediate64, dst: 1, imm: 7), count: 192)
        insns[slot] = Instruction(code: Opcode.ja, off: 300)
        let subprograms = [Subprogram(start: 0, id: 0)]
        func program(_ insns: [Instruction]) -> Program {
            Program(insns: insns, aux: insns.map { _ in 0 }, subprograms: subprograms, lines: [])
        }
        let buffer = ProgramBuffer()
        buffer.load(program(insns))
        #expect(buffer.image(as: Slot.self).fault() == ProgramFault(.targetOutside, at: slot))
        // A call among helper calls, which have the same code.
        var calls = [Instruction](repeating: Instruction(code: Opcode.call, imm: 7), count: 192)
        calls[slot] = Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: 7)
        buffer.load(program(calls))
        #expect(buffer.image(as: Slot.self).fault() == ProgramFault(.callTarget, at: slot))
        // Forward over the insertion, or backward.
        let target = slot < 96 ? 191 : 0
        insns[slot].off = Int16(target - slot - 1)
        buffer.load(program(insns))
        #expect(buffer.image(as: Slot.self).fault() == nil)
        let pass = PassBuffer()
        pass.addEdit(off: InputIndex(96), remove: 0)
        pass.addPatch(Instruction(code: Opcode.movImmediate64, dst: 2, imm: 8))
        var expectation = Expectation()
        expectation.compute(pass.image, on: buffer.image())
        let place = slot < 96 ? slot : slot + 1
        let landing = slot < 96 ? 192 : 0
        let moved = unsafe expectation.program.image(as: OutputIndex.self).insns[OutputIndex(place)]
        #expect(expectation.status == .accepted && Int(moved.off) == landing - place - 1)
    }

    /// The oracle detects half a wide load before a stretch without jumps.
    @Test func wideLoadBeforeAPlainStretchIsDetected() {
        var insns = [Instruction](repeating: Instruction(code: Opcode.movImmediate64, dst: 1, imm: 7), count: 128)
        insns[63] = Instruction(code: Opcode.loadImmediate64)
        let buffer = ProgramBuffer()
        buffer.load(
            Program(insns: insns, aux: insns.map { _ in 0 }, subprograms: [Subprogram(start: 0, id: 0)], lines: []))
        #expect(buffer.image(as: Slot.self).fault() == ProgramFault(.brokenWideLoad, at: 63))
    }
}
