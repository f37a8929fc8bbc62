import BPF

/// An error in a text file.
///
/// - Units: `line` and `column` count from 1, columns in Unicode scalars
package struct TextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the file.
    package var file: String
    /// The line of the error.
    package var line: Int
    /// The column of the error.
    package var column: Int
    /// The expected text.
    package var expected: String
    /// The text that is there.
    package var found: String

    package init(file: String, line: Int, column: Int, expected: String, found: String) {
        self.file = file
        self.line = line
        self.column = column
        self.expected = expected
        self.found = found
    }

    /// Adds the file and line to an error in a line.
    init(_ fault: AssemblyError, file: String, line: Int) {
        self.init(file: file, line: line, column: fault.column, expected: fault.expected, found: fault.found)
    }

    /// The error in one line, as compilers write it.
    package var description: String { "\(file):\(line):\(column): expected \(expected), found \(found)" }
}
