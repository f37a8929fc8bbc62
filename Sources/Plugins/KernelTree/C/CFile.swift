import Foundation

/// A C file and its top-level definitions.
struct CFile {
    /// The name in messages.
    let name: String
    let bytes: [UInt8]
    let number: Int
    private(set) var definitions: [CDefinition] = []

    var isHeader: Bool { name.hasSuffix(".h") }

    /// Reads a file without conditionals and finds its definitions.
    ///
    /// - Complexity: O(bytes)
    init(_ source: CFileSource, number: Int) {
        name = source.name
        bytes = source.bytes
        self.number = number
        var text = CScanner(bytes)
        var declaration = Declaration()
        while let token = text.next() {
            if token.kind == .directive {
                if let name = macro(token, isAlone: declaration.tokens.isEmpty) { declaration.macros.append(name) }
                continue
            }
            if isEnd(of: declaration, before: token) { declaration = Declaration() }
            let byte = bytes[token.range.lowerBound]
            if byte == UInt8(ascii: "{") && declaration.isBare
                && CFile.functionName(declaration.tokens.map(word)) != nil
            {
                declaration.mayBeFunction = true
            }
            declaration.add(token, byte)
            if declaration.isFunction || (declaration.depth == 0 && byte == UInt8(ascii: ";")) {
                if let definition = definition(declaration, source) { definitions.append(definition) }
                declaration = Declaration()
            }
        }
    }

    /// A file of some text in braces.
    private init(braces text: String) {
        name = ""
        bytes = Array(text.utf8)
        number = 0
    }

    /// The text of a definition.
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The tokens since the last definition. Tokens inside braces are left out.
    private struct Declaration {
        var tokens: [CToken] = []
        /// The macros that are defined inside the declaration.
        var macros: [String] = []
        var depth = 0
        var bodyStart: Int?
        var end = 0
        var hasAssignment = false
        /// True if the first braces follow a parameter list.
        var mayBeFunction = false
        /// True once those braces are closed.
        var isFunction = false

        /// True before any brace or initializer.
        var isBare: Bool { depth == 0 && bodyStart == nil && !hasAssignment }

        mutating func add(_ token: CToken, _ byte: UInt8) {
            end = token.range.upperBound
            if token.kind == .punctuation {
                switch byte {
                case UInt8(ascii: "{"):
                    if depth == 0 && bodyStart == nil { bodyStart = token.range.lowerBound }
                    depth += 1
                case UInt8(ascii: "}"):
                    depth -= 1
                    if depth == 0 && mayBeFunction { isFunction = true }
                    return
                case UInt8(ascii: "="): if depth == 0 { hasAssignment = true }
                default: break
                }
            }
            if depth == 0 { tokens.append(token) }
        }
    }

    private func word(_ token: CToken) -> String { text(token.range) }

    private func isSign(_ token: CToken, _ sign: Character) -> Bool {
        token.kind == .punctuation && bytes[token.range.lowerBound] == sign.asciiValue
    }

    /// Returns true if a macro use without a semicolon, such as `BTF_ID_LIST(name)`, ends before this token.
    private func isEnd(of declaration: Declaration, before token: CToken) -> Bool {
        guard declaration.depth == 0, declaration.bodyStart == nil, let first = declaration.tokens.first,
            let last = declaration.tokens.last, token.kind == .word, isSign(last, ")"),
            declaration.tokens.count > 1, isSign(declaration.tokens[1], "(")
        else { return false }
        return bytes[first.range].allSatisfy { !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    /// Records a macro definition. Returns its name if it is inside a declaration, with which it is then taken.
    private mutating func macro(_ token: CToken, isAlone: Bool) -> String? {
        let directive = CDirective(bytes, token)
        guard directive.name == "define", let name = directive.rest.first else { return nil }
        if !isAlone { return name }
        definitions.append(
            CDefinition(
                kind: .macro, name: name, file: number, range: token.range, line: token.line, body: directive.bodyStart,
                isStatic: !isHeader))
        return nil
    }

    private func definition(_ declaration: Declaration, _ source: CFileSource) -> CDefinition? {
        guard let first = declaration.tokens.first else { return nil }
        let words = declaration.tokens.map(word)
        var made = CDefinition(
            kind: .variable, name: "", file: number, range: first.range.lowerBound..<declaration.end, line: first.line,
            body: declaration.bodyStart ?? declaration.end, isStatic: !isHeader && words.contains("static"))
        if words[0] == "typedef" {
            made.kind = .typedef
            made.name = typedefName(words) ?? ""
        } else if declaration.isFunction {
            made.kind = .function
            made.name = CFile.functionName(words) ?? ""
        } else if let keyword = words.firstIndex(where: CFile.tagKeywords.contains), declaration.bodyStart != nil,
            !declaration.hasAssignment
        {
            made.kind = .tagged
            made.isEnum = words[keyword] == "enum"
            if made.isEnum {
                made.constants = constants(in: made.body..<declaration.end)
                if let text = source.macroConstants[made.body] {
                    let file = CFile(braces: text)
                    made.constants += file.constants(in: file.bytes.indices).filter { !made.constants.contains($0) }
                }
            }
            made.name = tag(after: declaration.tokens[keyword], before: made.body) ?? made.constants.first ?? ""
            made.constants += declaration.macros
        } else if !declaration.hasAssignment, declaration.bodyStart == nil, let name = CFile.functionName(words) {
            let variable = CFile.variableName(words, macro: name)
            made.kind = variable == nil ? .prototype : .variable
            made.name = variable ?? name
        } else {
            let end = CFile.endOfName(words)
            // A forward declaration of a type defines nothing.
            if end < 2 || (CFile.tagKeywords.contains(words[0]) && end == 2) { return nil }
            made.name = words[end - 1]
        }
        return made.name.isEmpty ? nil : made
    }

    static let tagKeywords: Set<String> = ["struct", "union", "enum"]

    /// The tag after a keyword and its attributes; `nil` if the braces follow at once.
    private func tag(after keyword: CToken, before end: Int) -> String? {
        var scanner = CScanner(bytes, in: keyword.range.upperBound..<end, line: keyword.line)
        while let token = scanner.next() {
            let name = word(token)
            if token.kind == .word && !name.hasPrefix("__") { return name }
        }
        return nil
    }

    private func typedefName(_ words: [String]) -> String? {
        if let pointer = words.indices.first(where: { words[$0] == "(" && $0 + 2 < words.count && words[$0 + 1] == "*" }
        ) {
            return words[pointer + 2]
        }
        let end = words.firstIndex { ["[", ";", "("].contains($0) } ?? words.count
        return end > 1 ? words[end - 1] : nil
    }

    /// The name before the parameter list. Attributes with arguments are skipped.
    private static func functionName(_ words: [String]) -> String? {
        var depth = 0
        for (number, word) in words.enumerated() {
            if word == "(" {
                if depth == 0, number > 0, CScanner.isWordStart(words[number - 1].utf8.first ?? 0),
                    !attributes.contains(words[number - 1])
                {
                    return words[number - 1]
                }
                depth += 1
            } else if word == ")" {
                depth -= 1
            }
        }
        return nil
    }

    /// The name of a variable that a macro declares, such as `DEFINE_MUTEX(name)` or `DEFINE_PER_CPU(type, name)`.
    private static func variableName(_ words: [String], macro: String) -> String? {
        guard let open = words.firstIndex(of: macro).map({ $0 + 1 }), open + 1 < words.count else { return nil }
        // In these a size follows the name.
        if ["DECLARE_BITMAP", "DECLARE_HASHTABLE", "DEFINE_HASHTABLE"].contains(macro) { return words[open + 1] }
        guard macro.hasPrefix("DEFINE_") || macro.hasPrefix("DECLARE_") || macro == "LIST_HEAD",
            let close = words.lastIndex(of: ")")
        else { return nil }
        return words[close - 1]
    }

    /// The index after the name of a variable. Attributes may follow the name.
    private static func endOfName(_ words: [String]) -> Int {
        var end = words.firstIndex { ["=", "[", "{", ";"].contains($0) } ?? words.count
        while end > 1 {
            if words[end - 1] == ")", let open = words[..<end].lastIndex(where: attributes.contains) {
                end = open
            } else if trailingAttributes.contains(words[end - 1]) {
                end -= 1
            } else {
                break
            }
        }
        return end
    }

    private static let trailingAttributes: Set<String> = [
        "__read_mostly", "__ro_after_init", "__initdata", "__initconst", "__maybe_unused", "__used", "__percpu",
        "__rcu",
        "__user", "__weak", "__packed", "____cacheline_aligned", "____cacheline_aligned_in_smp",
    ]

    private static let attributes: Set<String> = [
        "__attribute__", "__printf", "__scanf", "__aligned", "__section", "__acquires", "__releases", "__must_hold",
        "__no_sanitize", "__alloc_size", "__diag_ignore_all", "__cond_acquires",
    ]

    /// The constants of an `enum`. A name with arguments is a macro that makes constants, and none itself.
    private func constants(in range: Range<Int>) -> [String] {
        var scanner = CScanner(bytes, in: range)
        var found: [String] = []
        var depth = 0
        var isAtStart = false
        var isAfterName = false
        while let token = scanner.next() {
            if token.kind == .directive { continue }
            if isSign(token, "{") {
                isAtStart = true
                continue
            }
            if isSign(token, "(") {
                depth += 1
                if isAfterName { found.removeLast() }
            }
            if isSign(token, ")") { depth -= 1 }
            isAfterName = isAtStart && token.kind == .word
            if isAfterName {
                found.append(word(token))
                isAtStart = false
            } else if isSign(token, ",") && depth == 0 {
                isAtStart = true
            }
        }
        return found
    }
}

/// A top-level definition of a C file, as text.
struct CDefinition {
    enum Kind: Hashable {
        case function, prototype, variable, type, macro, typedef
        /// `struct`, `union` or `enum` with a tag, or an `enum` without.
        case tagged
    }

    var kind: Kind
    /// Its name; for an `enum` without a tag, the first constant.
    var name: String
    /// The index of the file.
    var file: Int
    /// The byte range in the file.
    var range: Range<Int>
    /// The first line.
    var line: Int
    /// The offset of the opening brace, or of a macro's body.
    var body: Int
    /// The constants of an `enum`, and the macros that are defined inside the braces.
    var constants: [String] = []
    /// True if only its own file can see it.
    var isStatic = false
    var isEnum = false
}
