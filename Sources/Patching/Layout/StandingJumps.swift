import BPF

/// The jumps and calls of a result, noted in order while it is laid out and pointed when their landings are known.
struct StandingJumps {
    /// A jump or call of the result.
    struct Entry: BitwiseCopyable {
        /// What it is. Its place is only written to, so that nothing has to wait until that is read.
        var insn: Instruction
        /// Where it stands.
        var from: OutputIndex
        /// What its landing is found by, as the design numbers it.
        var goal: UInt32
    }

    private let kinds = JumpKindTable.shared.view
    private let entries: Row<TableIndex, Entry>
    /// How many there are.
    private(set) var count = 0
    /// Whether an offset did not fit its field.
    private(set) var overflow = false

    /// - Parameter entries: room for one more than there can be jumps
    init(_ entries: Row<TableIndex, Entry>) { self.entries = entries }

    /// A jump by its number.
    @inline(__always)
    subscript(number: Int) -> Entry { entries[TableIndex(rawValue: UInt32(truncatingIfNeeded: number))] }

    /// Whether an instruction is a jump or call.
    @inline(__always)
    func isJump(_ insn: Instruction) -> Bool { kinds.count(insn) != 0 }

    /// Where a jump or call keeps its offset.
    @inline(__always)
    func field(of insn: Instruction) -> OffsetField { kinds.field(of: insn) }

    /// Notes a jump; what is none is written too, and overwritten by the next, so that nothing branches on it.
    @inline(__always)
    mutating func note(_ insn: Instruction, at from: OutputIndex, goal: UInt32, isJump: Bool) {
        entries[TableIndex(rawValue: UInt32(truncatingIfNeeded: count))] = Entry(insn: insn, from: from, goal: goal)
        count &+= isJump ? 1 : 0
    }

    /// Points a jump to a slot of the result.
    @inline(__always)
    mutating func point(_ jump: Entry, to landing: Int, in insns: Row<OutputIndex, Instruction>) {
        let field = field(of: jump.insn)
        let offset = landing &- jump.from.position &- 1
        overflow = overflow || !field.fits(offset)
        insns[jump.from] = field.setting(offset, in: jump.insn)
    }
}
