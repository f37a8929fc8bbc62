extension Program: CustomStringConvertible {
    /// An error in a text, with its line.
    public struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The line of the text, counted from 1.
        public var line: Int
        /// The error in the line.
        public var fault: AssemblyError

        package init(line: Int, fault: AssemblyError) {
            self.line = line
            self.fault = fault
        }

        /// The error in one line.
        public var description: String { "\(line):\(fault)" }
    }

    /// Reads a program from assembler text, one statement a line, as ``Assembler`` reads it.
    ///
    /// | line | meaning |
    /// |---|---|
    /// | `loop: r1 -= 1` | a label, and the instruction that it names |
    /// | `if r1 != 0 goto loop`, `call f`, `r1 = f ll` | a jump, a call, the address of a subprogram |
    /// | `goto +2` | a distance in slots |
    /// | `… .aux 7` | the aux word of the instruction; 0 if absent |
    /// | `.subprog 1` | a subprogram with the id 1 starts at the next instruction |
    /// | `.line 5` | a line record with the id 5 points to the next instruction |
    ///
    /// A `#` begins a comment that goes to the end of its line. Without `.subprog` there is one subprogram, with the id
    /// 0. The program need not be well formed; see ``fault()``.
    ///
    /// - Throws: the first error
    /// - Complexity: O(length + slots)
    public init(_ text: String) throws(TextError) {
        var reader = AssemblyReader(text)
        do throws(AssemblyError) {
            self = try reader.readProgram()
        } catch { throw TextError(line: reader.lineNumber, fault: error) }
    }

    /// The program as text that ``init(_:)`` reads back to the same program; jump targets are named `L` and their slot.
    ///
    /// - Complexity: O(slots + records)
    public var description: String {
        var writer = AssemblyWriter()
        writer.write(
            insns, aux: aux, subprograms: subprograms, lines: lines,
            AssemblyWriter.ProgramLabels(insns, subprograms: subprograms, lines: lines))
        return writer.text
    }
}
