import BPF

/// A jump or call of the result that reaches for a slot of the input, with the offset that it had at `from`; one word,
/// written at once.
struct ListedJump: BitwiseCopyable {
    private let bits: UInt64

    @inline(__always)
    init(at: OutputIndex, from: InputIndex) { bits = UInt64(at.rawValue) | UInt64(from.rawValue) &<< 32 }

    @inline(__always)
    var at: OutputIndex { OutputIndex(rawValue: UInt32(truncatingIfNeeded: bits)) }

    /// The slot of the input from which its offset counts; may wrap for a jump of a patch.
    @inline(__always)
    var from: InputIndex { InputIndex(rawValue: UInt32(truncatingIfNeeded: bits &>> 32)) }
}

/// Memory that a ``LayoutSweep`` works in, kept for the whole run.
struct LayoutWorkspace: ~Copyable {
    private var jumpStorage = RowStorage<ListedJump>()
    private let kindTable = JumpKindTable()

    var jumps: Row<TableIndex, ListedJump> { jumpStorage.row() }
    var kinds: JumpKindTable.View { kindTable.view }

    /// Makes room in the output for any result of a pass, and in the list, which has one row more than can count.
    @inline(__always)
    mutating func reserve(_ pass: PassImage, _ input: ProgramImage<InputIndex>, _ output: ProgramBuffer) {
        let room = input.insnCount + pass.patchSlots
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        jumpStorage.reserve(room + 1)
    }
}
