/// The text of a function with probes: one at each statement, and one in each condition.
///
/// A probe sets bytes of `standin_hits`, by the number of its place. Lines keep their numbers.
struct CProbes {
    /// A line or an outcome of a condition.
    struct Place {
        enum Kind: String {
            case line
            case isTrue = "true"
            case isFalse = "false"
        }

        var line: Int
        var kind: Kind
        /// The condition; empty for a line.
        var condition = ""
    }

    private let file: CFile
    private let tokens: [CToken]
    /// The number of the first place.
    private let first: Int
    /// The places, in the order of their numbers.
    private(set) var places: [Place] = []
    private var insertions: [(offset: Int, text: String)] = []

    /// Adds probes to the body of a function.
    ///
    /// - Complexity: O(tokens), times the depth of conditional expressions
    init(_ function: CDefinition, in file: CFile, from first: Int) {
        self.file = file
        self.first = first
        var scanner = CScanner(file.bytes, in: function.range, line: function.line)
        var tokens: [CToken] = []
        while let token = scanner.next() { if token.kind != .directive { tokens.append(token) } }
        self.tokens = tokens
        guard let body = tokens.firstIndex(where: { $0.range.lowerBound == function.body }) else { return }
        _ = block(at: body)
    }

    /// The text of a range of the file with the probes in it.
    func text(_ range: Range<Int>) -> String {
        var text = ""
        var at = range.lowerBound
        let sorted = insertions.enumerated().sorted { ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset) }
        for (_, insertion) in sorted where range.contains(insertion.offset) {
            text += file.text(at..<insertion.offset) + insertion.text
            at = insertion.offset
        }
        return text + file.text(at..<range.upperBound)
    }

    private func word(_ number: Int) -> String { number < tokens.count ? file.text(tokens[number].range) : "" }

    private mutating func insert(_ text: String, before number: Int) {
        if number < tokens.count { insertions.append((tokens[number].range.lowerBound, text)) }
    }

    private mutating func insert(_ text: String, after number: Int) {
        if number < tokens.count { insertions.append((tokens[number].range.upperBound, text)) }
    }
}

// MARK: Statements

extension CProbes {
    private mutating func block(at open: Int) -> Int {
        var at = open + 1
        while at < tokens.count, word(at) != "}" { at = max(statement(at: at), at + 1) }
        return at + 1
    }

    /// Adds the probes of a statement. Returns the index after it.
    private mutating func statement(at start: Int) -> Int {
        switch word(start) {
        case "{": return block(at: start)
        case "}": return start
        case ";": return start + 1
        case "case", "default": return endOfLabel(at: start)
        case "if":
            mark(start)
            let end = body(at: condition(at: start + 1))
            return word(end) == "else" ? body(at: end + 1) : end
        case "while":
            mark(start)
            return body(at: condition(at: start + 1))
        case "switch":
            mark(start)
            return body(at: self.end(at: start + 1))
        case "for":
            mark(start)
            return body(at: loop(at: start + 1))
        case "do":
            let end = body(at: start + 1)
            return word(end) == "while" ? condition(at: end + 1) + 1 : end
        default: return simple(at: start)
        }
    }

    /// Adds the probes of a statement after a condition, in braces of its own.
    private mutating func body(at start: Int) -> Int {
        if word(start) == "{" { return block(at: start) }
        if word(start) == ";" { return start + 1 }
        insert("{ ", before: start)
        let end = statement(at: start)
        insert(" }", after: end - 1)
        return end
    }

    private func endOfLabel(at start: Int) -> Int {
        var at = start
        while at < tokens.count, word(at) != ":" { at += 1 }
        return at + 1
    }

    /// The index after the bracket that closes one.
    private func end(at open: Int) -> Int {
        var depth = 0
        for number in open..<max(open, tokens.count) {
            switch word(number) {
            case "(", "[", "{": depth += 1
            case ")", "]", "}":
                depth -= 1
                if depth == 0 { return number + 1 }
            default: break
            }
        }
        return tokens.count
    }

    /// Adds the probes of a condition in parentheses. Returns the index after them.
    private mutating func condition(at open: Int) -> Int {
        let end = end(at: open)
        choose(open + 1, end - 1)
        return end
    }

    /// Adds the probe of the condition of `for`. Returns the index after the parentheses.
    private mutating func loop(at open: Int) -> Int {
        let end = end(at: open)
        var depth = 0
        var semicolons: [Int] = []
        for number in open..<end {
            switch word(number) {
            case "(", "[", "{": depth += 1
            case ")", "]", "}": depth -= 1
            case ";": if depth == 1 { semicolons.append(number) }
            default: break
            }
        }
        if semicolons.count == 2 { choose(semicolons[0] + 1, semicolons[1]) }
        return end
    }

    /// A label, a loop by a macro, a declaration or an expression.
    private mutating func simple(at start: Int) -> Int {
        let first = word(start)
        if tokens[start].kind == .word && word(start + 1) == ":" { return start + 2 }
        if tokens[start].kind == .word && word(start + 1) == "(" && !CProbes.wordsBeforeTypes.contains(first) {
            let end = end(at: start + 1)
            if word(end) == "{" || (end < tokens.count && tokens[end].kind == .word) {
                mark(start)
                return body(at: end)
            }
        }
        var end = start
        var depth = 0
        var acts = ["return", "goto", "break", "continue"].contains(first)
        while end < tokens.count {
            let text = word(end)
            if ["(", "[", "{"].contains(text) { depth += 1 }
            if [")", "]", "}"].contains(text) { depth -= 1 }
            if depth == 0 && text == ";" || depth < 0 { break }
            if ["(", "="].contains(text) || (["+", "-"].contains(text) && word(end + 1) == text) { acts = true }
            end += 1
        }
        if acts && first != "fallthrough" && first != "__attribute__" { mark(start) }
        if first != "static" && !first.hasPrefix("BUILD_BUG") && !first.hasSuffix("tatic_assert") {
            chooseInside(start, end)
        }
        return depth < 0 ? end : end + 1
    }

    private static let wordsBeforeTypes: Set<String> = ["typeof", "__typeof__", "__attribute__"]

    private mutating func mark(_ number: Int) {
        insert("standin_hits[\(first + places.count)] = 1; ", before: number)
        places.append(Place(line: tokens[number].line, kind: .line))
    }
}

// MARK: Conditions

extension CProbes {
    /// Adds the probe of a condition, and those of conditional expressions in it.
    private mutating func choose(_ start: Int, _ end: Int) {
        guard start < end, end <= tokens.count else { return }
        wrap(start, end)
        chooseInside(start, end)
    }

    private mutating func wrap(_ start: Int, _ end: Int) {
        if end == start + 1 && (tokens[start].kind == .number || ["true", "false"].contains(word(start))) { return }
        let number = add(start, end)
        insert("({ const _Bool standin_chosen = !!(", before: start)
        insert("); standin_hits[\(number) + !standin_chosen] = 1; standin_chosen; })", after: end - 1)
    }

    /// Records both outcomes of a condition. Returns the number of the first.
    private mutating func add(_ start: Int, _ end: Int) -> Int {
        let range = tokens[start].range.lowerBound..<tokens[end - 1].range.upperBound
        let text = file.text(range).split { $0 == " " || $0 == "\t" || $0 == "\n" }.joined(separator: " ")
        let line = tokens[start].line
        places += [
            Place(line: line, kind: .isTrue, condition: text), Place(line: line, kind: .isFalse, condition: text),
        ]
        return first + places.count - 2
    }

    /// Adds the probes of the conditional expressions between two tokens.
    private mutating func chooseInside(_ start: Int, _ end: Int) {
        for number in start..<end where word(number) == "?" && word(number + 1) != ":" {
            let operand = operand(before: number, from: start)
            if operand < number { wrap(operand, number) }
        }
    }

    /// The index of the first token of the operand that ends before `?`.
    private func operand(before question: Int, from start: Int) -> Int {
        var depth = 0
        var at = question
        while at > start {
            let text = word(at - 1)
            if [")", "]", "}"].contains(text) { depth += 1 }
            if ["(", "[", "{"].contains(text) {
                if depth == 0 { break }
                depth -= 1
            }
            if depth == 0 && ([",", ";", "?", ":", "return", "case"].contains(text) || isAssignment(at - 1)) { break }
            at -= 1
        }
        return at
    }

    /// Returns true for `=` and the last sign of `+=` and the like, but not for signs of comparisons.
    private func isAssignment(_ number: Int) -> Bool {
        guard word(number) == "=" else { return false }
        func touches(_ other: Int, _ signs: String) -> Bool {
            guard tokens.indices.contains(other), signs.contains(word(other)) else { return false }
            return other < number
                ? tokens[other].range.upperBound == tokens[number].range.lowerBound
                : tokens[other].range.lowerBound == tokens[number].range.upperBound
        }
        if touches(number + 1, "=") || touches(number - 1, "=!") { return false }
        let isAngle = touches(number - 1, "<>")
        return !isAngle || word(number - 2) == word(number - 1)
    }
}
