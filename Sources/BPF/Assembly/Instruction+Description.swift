extension Instruction: CustomStringConvertible {
    /// The text that ``Assembler`` reads back; the slots of a wide load each by themselves.
    ///
    /// - Complexity: O(1)
    public var description: String { Disassembler.text(of: self) }
}
