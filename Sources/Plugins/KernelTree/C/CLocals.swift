/// The names that a function declares: its parameters and its local variables.
struct CLocals {
    private let tokens: [CWord]
    private(set) var names: Set<String> = []

    /// Finds the declarations of a function.
    ///
    /// - Complexity: O(tokens)
    init(of tokens: [CWord]) {
        self.tokens = tokens
        let body = tokens.firstIndex { $0.text == "{" } ?? tokens.count
        takeParameters(before: body)
        var isStart = false
        var number = body
        while number < tokens.count {
            let text = tokens[number].text
            if isStart && tokens[number].text != "}" { takeDeclaration(at: number) }
            // A statement follows these, and a declaration follows `for (`.
            isStart =
                text == "{" || text == ";" || text == "}" || (text == ":" && isLabel(before: number))
                || (text == "(" && number > 0 && tokens[number - 1].text == "for")
            number += 1
        }
    }

    private func isLabel(before number: Int) -> Bool {
        number > 1 && (tokens[number - 1].isName || tokens[number - 2].text == "case")
    }

    /// The last name of each parameter.
    private mutating func takeParameters(before body: Int) {
        var depth = 0
        var last: String?
        for number in 0..<body {
            let token = tokens[number]
            switch token.text {
            case "(":
                depth += 1
                // A pointer to a function: the name follows `(*`.
                if depth > 1, number + 2 < body, tokens[number + 1].text == "*" {
                    names.insert(tokens[number + 2].text)
                }
            case ")":
                if depth == 1, let name = last { names.insert(name) }
                last = nil
                depth -= 1
            case ",":
                if depth == 1, let name = last { names.insert(name) }
                last = nil
            default:
                if depth == 1 && token.isName && number > 0 && tokens[number - 1].text != "(" { last = token.text }
            }
        }
    }

    /// Takes the names of a declaration, if there is one: type words, then declarators.
    private mutating func takeDeclaration(at start: Int) {
        guard var at = endOfType(at: start) else { return }
        while at < tokens.count {
            while at < tokens.count, tokens[at].text == "*" || CLocals.qualifiers.contains(tokens[at].text) { at += 1 }
            if at + 3 < tokens.count, tokens[at].text == "(", tokens[at + 1].text == "*" {
                names.insert(tokens[at + 2].text)
                at += 3
            } else {
                guard at + 1 < tokens.count, tokens[at].isName else { return }
                let next = tokens[at + 1]
                guard ["=", ";", ",", "[", ":"].contains(next.text) || next.text.hasPrefix("__") else { return }
                names.insert(tokens[at].text)
            }
            guard let comma = endOfDeclarator(at: at) else { return }
            at = comma + 1
        }
    }

    private static let qualifiers: Set<String> = ["const", "volatile", "static", "register", "auto", "__restrict"]

    /// The index after the type at the start of a declaration, or `nil` if there is none.
    private func endOfType(at start: Int) -> Int? {
        var at = start
        var hasType = false
        while at + 1 < tokens.count {
            let text = tokens[at].text
            if CLocals.qualifiers.contains(text) || text.hasPrefix("__") && text != "__typeof__" {
                at += 1
            } else if CWord.typeWords.contains(text) {
                hasType = true
                at += 1
            } else if CFile.tagKeywords.contains(text) {
                hasType = true
                at += 2
            } else if text == "typeof" || text == "__typeof__" {
                guard let end = endOfParentheses(at: at + 1) else { return nil }
                hasType = true
                at = end + 1
            } else if !hasType && tokens[at].isName {
                // A name is a type only if a name or a pointer follows.
                guard tokens[at + 1].isName || tokens[at + 1].text == "*" else { return nil }
                hasType = true
                at += 1
            } else {
                break
            }
        }
        return hasType ? at : nil
    }

    private func endOfParentheses(at open: Int) -> Int? {
        var depth = 0
        for number in open..<max(open, tokens.count) {
            if tokens[number].text == "(" { depth += 1 }
            if tokens[number].text == ")" {
                depth -= 1
                if depth == 0 { return number }
            }
        }
        return nil
    }

    /// The index of the comma after a declarator, or `nil` if it is the last.
    private func endOfDeclarator(at start: Int) -> Int? {
        var depth = 0
        for number in start..<tokens.count {
            switch tokens[number].text {
            case "(", "[", "{": depth += 1
            case ")", "]", "}":
                depth -= 1
                if depth < 0 { return nil }
            case ",": if depth == 0 { return number }
            case ";": if depth <= 0 { return nil }
            default: break
            }
        }
        return nil
    }
}
