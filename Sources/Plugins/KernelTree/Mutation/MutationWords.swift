/// The tokens of some C code, with operators of several characters as one token.
struct MutationWords {
    /// A token with its text and its depth in parentheses and brackets.
    struct Word {
        var text: String
        var range: Range<Int>
        var kind: CToken.Kind
        /// The number of open parentheses and brackets before it.
        var depth: Int
    }

    private(set) var words: [Word] = []

    private static let operators: Set<String> = [
        "<=", ">=", "==", "!=", "&&", "||", "<<", ">>", "++", "--", "+=", "-=", "*=", "/=", "|=", "&=", "^=", "%=",
        "<<=", ">>=", "->",
    ]

    /// The tokens of a function's body.
    ///
    /// - Complexity: O(bytes)
    init(_ file: CFile, _ definition: CDefinition) {
        self.init(file, in: definition.body..<definition.range.upperBound)
    }

    /// The tokens of a part of a file.
    ///
    /// - Complexity: O(bytes)
    init(_ file: CFile, in range: Range<Int>) {
        var scanner = CScanner(file.bytes, in: range)
        var depth = 0
        while let token = scanner.next() {
            if token.kind == .directive { continue }
            let text = file.text(token.range)
            if let last = words.last, last.range.upperBound == token.range.lowerBound,
                Self.operators.contains(last.text + text)
            {
                words[words.count - 1].text += text
                words[words.count - 1].range = last.range.lowerBound..<token.range.upperBound
                continue
            }
            if text == ")" || text == "]" { depth -= 1 }
            words.append(Word(text: text, range: token.range, kind: token.kind, depth: depth))
            if text == "(" || text == "[" { depth += 1 }
        }
    }

    /// The index of the parenthesis that closes the one at an index.
    func close(of open: Int) -> Int? {
        words[(open + 1)...].firstIndex { $0.text == ")" && $0.depth == words[open].depth }
    }

    /// A statement that ends with a semicolon and is an expression: an assignment or a call.
    struct Statement {
        /// The words of the statement, with the semicolon.
        var words: Range<Int>
        /// True if it is in a list of statements, and not the only one of an `if` or a loop.
        var isInBlock: Bool
    }

    private static let keywords: Set<String> = [
        "if", "for", "while", "do", "switch", "return", "goto", "break", "continue", "case", "default", "else",
        "struct", "union", "enum", "const", "static", "unsigned", "signed", "typedef", "extern", "register", "volatile",
    ]

    /// The statements of the body, in order.
    var statements: [Statement] {
        var found: [Statement] = []
        var number = 0
        while number < words.count {
            let before = number > 0 ? words[number - 1].text : ""
            let isInBlock = ["{", "}", ";"].contains(before) && words[number].depth == 0
            let isBody = before == "else" || before == ")" && isHead(before: number)
            if isInBlock || isBody, let end = end(ofExpressionAt: number) {
                found.append(Statement(words: number..<end, isInBlock: isInBlock && !isElseBody(number)))
                number = end
            } else {
                number += 1
            }
        }
        return found
    }

    private func isElseBody(_ number: Int) -> Bool { number > 0 && words[number - 1].text == "else" }

    /// Returns true if the parenthesis before a word ends the head of an `if` or a loop.
    private func isHead(before number: Int) -> Bool {
        let depth = words[number - 1].depth
        guard let open = words[..<(number - 1)].lastIndex(where: { $0.text == "(" && $0.depth == depth }), open > 0
        else {
            return false
        }
        let head = words[open - 1].text
        return ["if", "for", "while"].contains(head) || head.hasPrefix("for_each") || head.hasPrefix("list_for_each")
    }

    /// The word after the semicolon of an expression, or `nil` for a declaration or another statement.
    private func end(ofExpressionAt number: Int) -> Int? {
        let first = words[number]
        guard first.kind == .word || first.text == "*" || first.text == "(" || first.text == "++",
            !Self.keywords.contains(first.text)
        else { return nil }
        if first.kind == .word, number + 1 < words.count {
            // A type is followed by a name, and a label by a colon.
            let next = words[number + 1]
            if next.kind == .word || next.text == ":" || next.text == "*" { return nil }
        }
        guard let end = words[number...].firstIndex(where: { $0.text == ";" && $0.depth == first.depth }) else {
            return nil
        }
        let texts = words[number..<end].map(\.text)
        if texts.contains("{") || texts.contains("}") { return nil }
        return end + 1
    }
}
