/// What is wrong in one line of assembler text, and where.
///
/// - Units: `column` counts Unicode scalars from 1
public struct AssemblyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the line stops making sense.
    public var column: Int
    /// What could have stood there.
    public var expected: String
    /// What stands there.
    public var found: String

    /// Says what is wrong where.
    public init(column: Int, expected: String, found: String) {
        self.column = column
        self.expected = expected
        self.found = found
    }

    /// The error in one line, as compilers write it.
    public var description: String { "\(column): expected \(expected), found \(found)" }
}
