/// Builds assembler text line by line.
package struct AssemblyWriter {
    /// The text so far.
    package private(set) var text: String

    /// The column of statements; labels precede it.
    private static let statementColumn = 8
    /// The column of aux words, after statements of ordinary length.
    private static let auxColumn = 48

    /// Starts with a text.
    package init(_ text: String = "") { self.text = text }

    /// Adds a line.
    package mutating func add(_ line: String) {
        text += line
        text += "\n"
    }

    /// Adds a line with a statement, its label and its aux words.
    package mutating func add(label: String?, _ statement: String, indentation: Int = 0, trailer: String? = nil) {
        var line = String(repeating: " ", count: indentation)
        if let label { line += label + ":" }
        let column = Self.statementColumn + indentation
        line += String(repeating: " ", count: max(column - line.utf8.count, label == nil ? 0 : 1))
        line += statement
        if let trailer {
            line += String(repeating: " ", count: max(Self.auxColumn - line.utf8.count, 2))
            line += trailer
        }
        add(line)
    }
}
