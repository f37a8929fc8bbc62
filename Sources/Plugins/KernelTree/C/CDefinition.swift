/// A definition at the top level of a file of C, as text.
struct CDefinition {
    enum Kind: Hashable {
        case function, prototype, variable, type, macro, typedef
        /// `struct`, `union` or `enum` with a tag, or an `enum` without.
        case tagged
    }

    var kind: Kind
    /// What it is called; for an `enum` without a tag, its first constant.
    var name: String
    /// The file, by its number.
    var file: Int
    /// Its bytes in the file.
    var range: Range<Int>
    /// The line that it begins on.
    var line: Int
    /// Where the braces of a function or type begin, or the body of a macro.
    var body: Int
    /// The constants of an `enum`, and macros that are defined between the braces.
    var constants: [String] = []
    /// Whether other files do not see it.
    var isStatic = false
    var isEnum = false
}
