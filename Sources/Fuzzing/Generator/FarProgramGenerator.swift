import BPF

/// Generates programs of around 32,767 instructions in which a few jumps are within some slots of the 16-bit limit.
///
/// Most slots are copied from a template, so that such a case costs little more than a `memcpy`.
struct FarProgramGenerator: ~Copyable {
    /// The longest distance of a 16-bit jump.
    private static let limit = 32767
    private let template = ProgramBuffer()

    /// Fills a buffer with a program; the next marker of the maker is larger than all of the program's.
    ///
    /// - Complexity: O(slots)
    mutating func generate(
        _ features: CaseFeatures, _ maker: inout SlotMaker, _ draws: inout Draws, into buffer: ProgramBuffer
    ) {
        // Room for a jump over the whole distance, with some more instructions on each side.
        let count = max(features.insns, 1)
        prepare(count)
        template.insnCount = count
        buffer.load(template.image(as: Slot.self))
        let program: ProgramImage<Slot> = buffer.image()
        maker.marker = Int32(count)
        let jumps = 1 + draws.below(3)
        for _ in 0..<jumps {
            var bits = draws.bits()
            // The distance of the jump from the limit.
            let slack = bits.below(8)
            let reach = min(FarProgramGenerator.limit - slack, count - 2)
            let isForward = bits.chance(1, of: 2)
            let room = count - reach - 1
            let from = draws.below(max(room, 1))
            let slot = Slot(isForward ? from : count - 1 - from)
            let kinds: [8 of UInt8] = [0x05, 0x15, 0x1d, 0x16, 0xe5, 0x06, 0xa6, 0x05]
            let code = kinds[bits.below(8)]
            var insn = Instruction(code: code, dst: 1, off: Int16(code == Opcode.gotol ? slot.position & 0xff : 0))
            insn.imm = code == Opcode.gotol ? 0 : Int32(slot.position)
            _ = insn.setJumpOffset(isForward ? reach : -reach - 1 + bits.below(2), insn.jumpKind)
            let target = slot.position &+ 1 &+ insn.jumpOffset(insn.jumpKind)
            if target >= 0 && target < count { unsafe program.insns[slot] = insn }
        }
        let line = Slot(draws.below(count))
        unsafe program.lines[TableIndex(0)] = LineRecord(insnOff: line.rawValue, id: 500)
        buffer.lineCount = 1
    }

    /// Extends the template.
    private func prepare(_ count: Int) {
        if template.subprogramCount > 0 { return }
        let room = 33_000
        precondition(count <= room, "a far program of \(count) slots")
        template.reserve(insns: room, subprograms: 1, lines: 1)
        template.insnCount = room
        template.subprogramCount = 1
        template.lineCount = 1
        let program: ProgramImage<Slot> = template.image()
        unsafe program.subprograms[TableIndex(0)] = Subprogram(start: 0, id: 100)
        unsafe program.lines[TableIndex(0)] = LineRecord(insnOff: 0, id: 500)
        for slot in 0..<room {
            unsafe program.insns[Slot(slot)] = Instruction(code: Opcode.movImmediate64, dst: 1, imm: Int32(slot))
            unsafe program.aux[Slot(slot)] = UInt32(7000 + slot)
        }
    }
}
