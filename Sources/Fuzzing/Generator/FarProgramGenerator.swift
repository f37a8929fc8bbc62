import BPF

/// Generates programs of around 32,767 instructions in which a few jumps are within some slots of the 16-bit limit.
///
/// A huge program has more slots than 16 bits count, and jumps, calls, a subprogram and lines at its end. Most slots are
/// copied from a template, so that such a case costs little more than a `memcpy`.
struct FarProgramGenerator: ~Copyable {
    /// The longest distance of a 16-bit jump.
    private static let limit = 32767
    private let template = ProgramBuffer()
    /// The number of slots of the template.
    private var room = 0

    /// Fills a buffer with a program; the next marker of the maker is larger than all of the program's.
    ///
    /// - Complexity: O(slots)
    mutating func generate(
        _ features: CaseFeatures, _ maker: inout SlotMaker, _ draws: inout Draws, into buffer: ProgramBuffer
    ) {
        let slots = max(features.insns, 1)
        prepare(slots)
        template.insnCount = slots
        buffer.load(template.image(as: Slot.self))
        maker.marker = Int32(slots)
        // The last subprogram of a huge program, with some slots on each side.
        let tail = features.isHuge ? slots - 8 - draws.below(slots - CaseFeatures.hugeStart - 16) : slots
        addJumps(in: tail, buffer.image(), &draws)
        let program: ProgramImage<Slot> = buffer.image()
        unsafe program.lines[TableIndex(0)] = LineRecord(insnOff: UInt32(draws.below(tail)), id: 500)
        buffer.lineCount = 1
        if features.isHuge { addTail(at: tail, buffer, &draws) }
    }

    /// Makes a few jumps in the first slots of a program as long as their field allows.
    private func addJumps(in count: Int, _ program: ProgramImage<Slot>, _ draws: inout Draws) {
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
    }

    /// Adds a subprogram at the end of a huge program, with what refers to slots past 16 bits.
    private func addTail(at tail: Int, _ buffer: ProgramBuffer, _ draws: inout Draws) {
        buffer.reserve(insns: buffer.insnCount, subprograms: 2, lines: 3)
        let program: ProgramImage<Slot> = buffer.image()
        unsafe program.subprograms[TableIndex(1)] = Subprogram(start: UInt32(tail), id: 101)
        buffer.subprogramCount = 2
        func put(_ insn: Instruction, at slot: Int, to target: Int) {
            var insn = insn
            _ = insn.setJumpOffset(target - slot - 1, insn.jumpKind)
            unsafe program.insns[Slot(slot)] = insn
        }
        let before = CaseFeatures.hugeStart + draws.below(tail - CaseFeatures.hugeStart)
        put(Instruction(code: Opcode.gotol, dst: 1), at: draws.below(tail), to: before)
        put(Instruction(code: Opcode.call, src: Opcode.pseudoCall), at: draws.below(tail), to: tail)
        let slot = tail + draws.below(buffer.insnCount - tail)
        put(Instruction(code: 0x15, dst: 1), at: slot, to: tail + draws.below(buffer.insnCount - tail))
        // The first line may follow the other places.
        let first = unsafe program.lines[TableIndex(0)].insnOff
        var lines = 1
        for place in [before, slot] where UInt32(place) > first {
            unsafe program.lines[TableIndex(lines)] = LineRecord(insnOff: UInt32(place), id: 500 + UInt32(lines))
            lines += 1
        }
        buffer.lineCount = lines
    }

    /// Extends the template.
    private mutating func prepare(_ count: Int) {
        if count <= room { return }
        room = count <= 33_000 ? 33_000 : CaseFeatures.hugeStart + 300
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
