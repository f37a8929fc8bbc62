/// Quotes commands for a shell.
package enum ShellText {
    /// A command in one line.
    package static func of(_ command: [String]) -> String {
        guard let program = command.first else { return "" }
        return ([word(ofProgram: program)] + command.dropFirst().map { word($0) }).joined(separator: " ")
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-")

    /// One word, quoted if needed.
    package static func word(_ text: String) -> String {
        !text.isEmpty && text.allSatisfy(plain.contains) ? text : quoted(text)
    }

    /// The first word of a command; quotes keep an `=` from making it an assignment.
    private static func word(ofProgram text: String) -> String { text.contains("=") ? quoted(text) : word(text) }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
