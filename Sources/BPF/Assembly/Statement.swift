/// One assembler statement: an instruction, whose jump target may not be resolved yet.
public struct Statement: Hashable, Sendable {
    /// The instruction, or the first slot of a wide load; its offset is 0 until ``target`` is resolved.
    public var insn: Instruction
    /// The second slot of a whole wide load, `nil` for other instructions.
    public var secondSlot: Instruction?
    /// The target that only the reader of a whole file can resolve, or `nil`.
    public var target: JumpTarget?
    /// The column of ``target`` in the line.
    ///
    /// - Units: Unicode scalars from 1
    public var targetColumn: Int

    public init(insn: Instruction, secondSlot: Instruction? = nil, target: JumpTarget? = nil, targetColumn: Int = 1) {
        self.insn = insn
        self.secondSlot = secondSlot
        self.target = target
        self.targetColumn = targetColumn
    }

    /// The number of slots of the statement.
    ///
    /// - Units: slots
    public var width: Int { secondSlot == nil ? 1 : 2 }
}

/// The fields of a slot that a syntax shows; the others are given in `{…}`.
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

    /// The names of the fields in `{…}`, in the order of printing.
    static let names: [(name: String, field: FieldSet)] = [
        ("dst", .dst), ("src", .src), ("off", .off), ("imm", .imm),
        ("next_regs", .nextRegisters), ("next_off", .nextOff), ("next_imm", .nextImm),
    ]
}
