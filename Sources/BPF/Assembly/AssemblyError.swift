/// An error in one line of assembler text.
///
/// - Units: `column` counts Unicode scalars from 1
public struct AssemblyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The column of the error.
    public var column: Int
    /// The expected text.
    public var expected: String
    /// The text that is there.
    public var found: String

    public init(column: Int, expected: String, found: String) {
        self.column = column
        self.expected = expected
        self.found = found
    }

    /// The error in one line, as compilers write it.
    public var description: String { "\(column): expected \(expected), found \(found)" }
}
