import BPF

/// The jumps and calls of a result, noted in order while it is laid out and pointed when their landings are known.
struct StandingJumps {
    /// A jump or call of the result.
    struct Entry: BitwiseCopyable {
        /// Its eight bytes. Its place is only written to, so that nothing has to wait until that is read.
        var insn: UInt64
        /// Where it stands.
        var from: OutputIndex
        /// What its landing is found by, as the design numbers it.
        var goal: UInt32
    }

    private let forms: Row<Slot, JumpForm>
    private let entries: Row<TableIndex, Entry>
    /// How many there are.
    private(set) var count = 0
    /// Bits that offsets have lost in their fields.
    private var lost = 0

    /// - Parameter entries: room for one more than there can be jumps
    init(forms: Row<Slot, JumpForm>, entries: Row<TableIndex, Entry>) {
        self.forms = forms
        self.entries = entries
    }

    /// Whether an offset did not fit 16 bits.
    var overflow: Bool { lost != 0 }

    /// A jump by its number.
    @inline(__always)
    subscript(number: Int) -> Entry { entries[TableIndex(rawValue: UInt32(truncatingIfNeeded: number))] }

    /// The form of an instruction.
    ///
    /// - Parameter insn: its eight bytes
    @inline(__always)
    func form(of insn: UInt64) -> JumpForm { forms[Slot(rawValue: UInt32(truncatingIfNeeded: insn & 0xff))] }

    /// Notes a jump; what is none is written too, and overwritten by the next, so that nothing branches on it.
    @inline(__always)
    mutating func note(_ insn: UInt64, at from: OutputIndex, goal: UInt32, isJump: Bool) {
        entries[TableIndex(rawValue: UInt32(truncatingIfNeeded: count))] = Entry(insn: insn, from: from, goal: goal)
        count &+= isJump ? 1 : 0
    }

    /// Points a jump to a slot of the result.
    @inline(__always)
    mutating func point(_ jump: Entry, to landing: Int, in insns: Row<OutputIndex, Instruction>) {
        let form = form(of: jump.insn)
        let offset = landing &- jump.from.position &- 1
        lost |= form.isShort ? Int(Int16(truncatingIfNeeded: offset)) ^ offset : 0
        insns.setBits(form.setting(offset, in: jump.insn), at: jump.from)
    }
}
