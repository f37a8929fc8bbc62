import BPF

/// What is wrong in a file of text, and where.
///
/// - Units: `line` and `column` count from 1, columns in Unicode scalars
package struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the file is called.
    package var file: String
    /// Which line of the file it is in.
    package var line: Int
    /// Where the line stops making sense.
    package var column: Int
    /// What could have stood there.
    package var expected: String
    /// What stands there.
    package var found: String

    /// Says what is wrong where.
    package init(file: String, line: Int, column: Int, expected: String, found: String) {
        self.file = file
        self.line = line
        self.column = column
        self.expected = expected
        self.found = found
    }

    /// Places what is wrong in a line in its file.
    init(_ fault: AssemblyError, file: String, line: Int) {
        self.init(file: file, line: line, column: fault.column, expected: fault.expected, found: fault.found)
    }

    /// The error in one line, as compilers write it.
    package var description: String { "\(file):\(line):\(column): expected \(expected), found \(found)" }
}
