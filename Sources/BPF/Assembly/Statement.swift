/// One assembler statement: an instruction whose jump may still wait for the place of its target.
public struct Statement: Hashable, Sendable {
    /// The instruction, or the first slot of a wide load; its offset field is 0 while ``target`` waits.
    public var insn: Instruction
    /// The second slot of a whole wide load, `nil` for everything else.
    public var secondSlot: Instruction?
    /// The target that only the reader of a whole file can place; `nil` when nothing is left to place.
    public var target: JumpTarget?
    /// Where ``target`` stands in the line.
    ///
    /// - Units: Unicode scalars from 1
    public var targetColumn: Int

    /// Makes a statement; without a target there is nothing left to place.
    public init(insn: Instruction, secondSlot: Instruction? = nil, target: JumpTarget? = nil, targetColumn: Int = 1) {
        self.insn = insn
        self.secondSlot = secondSlot
        self.target = target
        self.targetColumn = targetColumn
    }

    /// How many slots the statement stands for.
    ///
    /// - Units: slots
    public var width: Int { secondSlot == nil ? 1 : 2 }
}

/// The fields of a slot that a piece of syntax says, so that the rest is left for `{…}`.
struct FieldSet: OptionSet {
    let rawValue: UInt8
    static let dst = FieldSet(rawValue: 1)
    static let src = FieldSet(rawValue: 2)
    static let off = FieldSet(rawValue: 4)
    static let imm = FieldSet(rawValue: 8)
    static let nextRegisters = FieldSet(rawValue: 16)
    static let nextOff = FieldSet(rawValue: 32)
    static let nextImm = FieldSet(rawValue: 64)

    /// The fields of a second slot, which only a wide load has.
    static let next: FieldSet = [.nextRegisters, .nextOff, .nextImm]

    /// What the fields are called in `{…}`, in the order in which they are printed.
    static let names: [(name: String, field: FieldSet)] = [
        ("dst", .dst), ("src", .src), ("off", .off), ("imm", .imm),
        ("next_regs", .nextRegisters), ("next_off", .nextOff), ("next_imm", .nextImm),
    ]
}
