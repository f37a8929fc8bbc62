import BPF

/// A program and the pass that edits it.
struct EditedProgram: BitwiseCopyable {
    let input: ProgramImage<InputIndex>
    let pass: PassImage
}

/// What a ``LayoutSweep`` writes down of where slots of the input have gone, and asks for where jumps land.
///
/// Edits come in order. A landing is asked for only once everything in front of the target, and the target itself, is written
/// down.
protocol LandingRecord: BitwiseCopyable {
    /// A slot that no edit replaces stands at a place of the result.
    mutating func stand(_ slot: InputIndex, at place: OutputIndex)
    /// A patch that starts at a place of the result replaces one slot.
    mutating func replaceSlot(_ slot: InputIndex, _ number: TableIndex, at place: OutputIndex)
    /// A patch that starts at a place of the result replaces the range of an edit.
    mutating func replace(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex)
    /// A patch that starts at a place of the result is inserted before a slot, which has been said to stand behind it.
    mutating func insert(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex)
    /// Nothing stands for a range but what follows it, which comes to a place of the result.
    mutating func delete(_ edit: EditRecord, _ number: TableIndex, at place: OutputIndex, in source: EditedProgram)
    /// From here on landings are asked for, of targets before `limit`; `count` edits are written down.
    mutating func ask(before limit: InputIndex, count: Int, in source: EditedProgram)
    /// The place where a jump or call to a slot lands, or ``nothing``.
    func landing(of target: InputIndex, isCall: Bool, in source: EditedProgram) -> UInt32
}

extension LandingRecord {
    /// Nothing stands for this slot.
    static var nothing: UInt32 { UInt32.max }
}
