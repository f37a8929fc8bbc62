/// A token as text.
struct CWord {
    var text: String
    /// True for an identifier that is not a keyword.
    var isName: Bool

    init(_ token: CToken, _ text: String) {
        self.text = text
        isName = token.kind == .word && !CWord.keywords.contains(text)
    }

    /// Returns true if the compiler or its own headers define the name.
    static func isBuiltIn(_ text: String) -> Bool { text.hasPrefix("__builtin") || compilerWords.contains(text) }

    static let typeWords: Set<String> = [
        "int", "char", "long", "short", "unsigned", "signed", "bool", "void", "float", "double",
    ]
    private static let compilerWords: Set<String> = [
        "__attribute__", "__typeof__", "__extension__", "__inline", "__inline__", "__volatile__", "__asm__", "__func__",
        "__FILE__", "__LINE__", "size_t", "ssize_t", "uintptr_t", "intptr_t", "va_list", "true", "false", "NULL",
        "__int128", "off_t", "defined", "offsetof",
    ]
    private static let keywords: Set<String> = typeWords.union(CFile.tagKeywords).union([
        "auto", "break", "case", "const", "continue", "default", "do", "else", "extern", "for", "goto", "if", "inline",
        "register", "return", "sizeof", "static", "switch", "typedef", "volatile", "while", "_Bool", "__restrict",
        "asm", "typeof",
    ])
}
