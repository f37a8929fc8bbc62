extension Instruction: CustomStringConvertible {
    /// The text that ``Assembler`` reads back, for one slot: the slots of a wide load have a text each.
    ///
    /// - Complexity: O(1)
    public var description: String { Disassembler.text(of: self) }
}
