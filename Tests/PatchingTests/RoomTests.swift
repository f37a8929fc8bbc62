import BPF
import Patching
import Testing

/// New patchers on results of all lengths around the initial capacity of their buffers.
@Suite struct RoomTests {
    private static let plain = Instruction(code: Opcode.movImmediate64, imm: 1)

    /// The result of a pass by a new patcher into a new buffer.
    private func result(_ design: BuiltInPatchers, _ pass: Pass, on source: Program) -> Program? {
        let program = ProgramBuffer()
        let passBuffer = PassBuffer()
        let output = ProgramBuffer()
        program.load(source)
        passBuffer.load(pass)
        let status = design.make().apply(passBuffer.image, to: program.image(), into: output)
        return status == .accepted ? Program(output.image(as: OutputIndex.self)) : nil
    }

    /// Twenty slots, of which the last jumps to the first.
    private static let loop = Program(
        insns: (0..<19).map { Instruction(code: Opcode.movImmediate64, imm: Int32($0)) } + [
            Instruction(code: Opcode.ja, off: -20)
        ])

    @Test(arguments: BuiltInPatchers.allCases) func onePatchOfAnyLength(_ design: BuiltInPatchers) {
        for length in 1...140 {
            for off in [0, 10, 19] {
                for remove in [0, 1] as [UInt32] {
                    let patch = Array(repeating: RoomTests.plain, count: length)
                    let pass = Pass(edits: [Edit(off: InputIndex(off), remove: remove, patch: patch)])
                    var insns = RoomTests.loop.insns
                    insns.replaceSubrange(off..<off + Int(remove), with: patch)
                    // A patch replaces the jump, or its target has not moved.
                    if off < 19 || remove == 0 { insns[insns.count - 1].off = -Int16(insns.count) }
                    #expect(
                        result(design, pass, on: RoomTests.loop)?.insns == insns,
                        "\(design.name), \(length) slots at \(off), \(remove) removed")
                }
            }
        }
    }

    /// Longer insertions at the front leave less room for the appended code.
    @Test(arguments: BuiltInPatchers.allCases) func appendAfterAnInsertion(_ design: BuiltInPatchers) {
        for count in 1...140 {
            let source = Program(insns: Array(repeating: RoomTests.plain, count: count))
            for length in 1...5 {
                let first = Edit(off: InputIndex(0), remove: 0, patch: Array(repeating: .zero, count: length))
                let last = Edit(off: InputIndex(count), remove: 0, patch: [.zero])
                #expect(
                    result(design, Pass(edits: [first, last]), on: source)?.insns
                        == first.patch + source.insns + last.patch, "\(design.name), \(count) slots and \(length)")
            }
        }
    }

    /// The last patches start where the pool has less room than one block write.
    @Test(arguments: BuiltInPatchers.allCases) func manyPatchesOfOneSlot(_ design: BuiltInPatchers) {
        let source = Program(insns: Array(repeating: RoomTests.plain, count: 140))
        for count in 1...140 {
            let patches = (0..<count).map { Instruction(code: Opcode.movImmediate64, dst: 2, imm: Int32($0)) }
            let edits = patches.enumerated().map { Edit(off: InputIndex($0), remove: 1, patch: [$1]) }
            let expected = patches + source.insns[count...]
            #expect(
                result(design, Pass(edits: edits), on: source)?.insns == expected, "\(design.name), \(count) patches")
        }
    }
}
