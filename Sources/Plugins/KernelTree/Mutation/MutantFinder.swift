/// Finds the mutants of one function.
struct MutantFinder {
    private let file: CFile
    private let definition: CDefinition
    private let text: MutationWords
    private var words: [MutationWords.Word] { text.words }
    private(set) var mutants: [Mutant] = []

    /// - Complexity: O(bytes)
    init(_ file: CFile, _ definition: CDefinition) {
        self.file = file
        self.definition = definition
        text = MutationWords(file, definition)
        findWords()
        findConditions()
        findStatements()
    }

    // MARK: Words

    private static let comparisons: [String: [String]] = [
        "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
    ]
    private static let adjustments: [String: String] = ["+=": "-=", "-=": "+=", "&&": "||", "||": "&&"]
    private static let fields: [String: String] = [
        "off": "imm", "imm": "off", "src_reg": "dst_reg", "dst_reg": "src_reg", "start": "linfo_idx",
        "linfo_idx": "start", "len": "jited_len",
    ]
    private static let widths: [String: String] = [
        "s64": "s32", "u64": "u32", "s32": "s16", "u32": "u16", "int": "short", "S16_MIN": "S32_MIN",
        "S16_MAX": "S32_MAX", "S32_MIN": "S16_MIN", "S32_MAX": "S16_MAX",
    ]

    private mutating func findWords() {
        for (number, word) in words.enumerated() {
            let before = number > 0 ? words[number - 1].text : ""
            for other in Self.comparisons[word.text] ?? [] { add(.comparison, replacing: number, other) }
            if let other = Self.adjustments[word.text] {
                add(
                    word.text.count == 2 && word.text.contains("=") ? .adjustment : .condition, replacing: number, other
                )
            }
            if word.text == "+" || word.text == "-", isBinary(at: number) {
                add(.adjustment, replacing: number, word.text == "+" ? "-" : "+")
            }
            if ["->", "."].contains(before), let other = Self.fields[word.text] {
                add(.field, replacing: number, other)
            }
            if let other = Self.widths[word.text], !["->", ".", "struct"].contains(before) {
                add(.width, replacing: number, other)
            }
            if word.kind == .number, let value = Int(word.text) {
                add(.offByOne, replacing: number, String(value + 1))
                if value > 0 { add(.offByOne, replacing: number, String(value - 1)) }
            }
            if word.text == "break" || word.text == "continue" {
                add(.loopEnd, replacing: number, word.text == "break" ? "continue" : "break")
            }
        }
    }

    /// Returns true if a sign has a value on its left.
    private func isBinary(at number: Int) -> Bool {
        guard number > 0 else { return false }
        let before = words[number - 1]
        return before.kind == .word && before.text != "return" && before.text != "case" || before.kind == .number
            || before.text == ")" || before.text == "]"
    }

    // MARK: Conditions and statements

    private mutating func findConditions() {
        for (number, word) in words.enumerated() where word.text == "if" || word.text == "while" {
            guard number + 1 < words.count, words[number + 1].text == "(", let close = text.close(of: number + 1) else {
                continue
            }
            let (open, end) = (words[number + 1].range.upperBound, words[close].range.lowerBound)
            add(.condition, [edit(open..<open, "!("), edit(end..<end, ")")])
        }
    }

    /// Calls without an effect on results: messages, checks that only warn, and pauses.
    private static let silent = ["verbose", "bpf_log", "pr_", "WARN", "cond_resched", "might_", "lockdep", "kmemleak"]

    private mutating func findStatements() {
        let result = definition.isVoid(in: file) ? "return;" : "return 0;"
        if let brace = words.first { insert(result, at: brace.range.upperBound) }
        var previous: MutationWords.Statement?
        for statement in text.statements {
            let range = range(of: statement)
            let isSilent = Self.silent.contains { words[statement.words.lowerBound].text.hasPrefix($0) }
            if !isSilent {
                add(.dropped, [edit(range, ";")])
                if statement.isInBlock { insert(result, at: range.upperBound) }
                if let previous, previous.words.upperBound == statement.words.lowerBound, statement.isInBlock {
                    let first = self.range(of: previous)
                    add(.swapped, [edit(first, file.text(range)), edit(range, file.text(first))])
                }
            }
            previous = isSilent || !statement.isInBlock ? nil : statement
        }
    }

    private func range(of statement: MutationWords.Statement) -> Range<Int> {
        words[statement.words.lowerBound].range.lowerBound..<words[statement.words.upperBound - 1].range.upperBound
    }

    /// Returns before a place; nothing that follows may depend on it, so a block of its own is not needed.
    private mutating func insert(_ result: String, at place: Int) {
        add(.earlyReturn, [edit(place..<place, " " + result)])
    }

    // MARK: Mutants

    private func edit(_ range: Range<Int>, _ text: String) -> Mutant.TextEdit {
        Mutant.TextEdit(range: range, text: text)
    }

    private mutating func add(_ kind: Mutant.Kind, replacing number: Int, _ other: String) {
        add(kind, [edit(words[number].range, other)])
    }

    private mutating func add(_ kind: Mutant.Kind, _ edits: [Mutant.TextEdit]) {
        mutants.append(Mutant(kind, edits, of: definition, in: file))
    }
}

extension Mutant {
    /// A mutant without a number.
    ///
    /// - Parameter edits: at least one, in the order of their ranges, which are disjoint
    init(_ kind: Kind, _ edits: [TextEdit], of definition: CDefinition, in file: CFile) {
        precondition(!edits.isEmpty)
        let newline = UInt8(ascii: "\n")
        let range = edits[0].range.lowerBound..<edits[edits.count - 1].range.upperBound
        let start = file.bytes[..<range.lowerBound].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let end = file.bytes[range.upperBound...].firstIndex(of: newline) ?? file.bytes.count
        self.init(
            number: 0, kind: kind, file: file.name,
            line: definition.line + file.bytes[definition.range.lowerBound..<start].count { $0 == newline },
            function: definition.name, before: Self.words(file.text(start..<end)),
            after: Self.words(file.text(start..<end, edits)), edits: edits)
    }

    private static func words(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension CFile {
    /// A part of the file with some changes.
    func text(_ range: Range<Int>, _ edits: [Mutant.TextEdit]) -> String {
        var text = ""
        var at = range.lowerBound
        for edit in edits {
            text += self.text(at..<edit.range.lowerBound) + edit.text
            at = edit.range.upperBound
        }
        return text + self.text(at..<range.upperBound)
    }
}

extension CDefinition {
    /// True for a function without a result.
    func isVoid(in file: CFile) -> Bool {
        let words = header(in: file)
        guard let name = words.firstIndex(of: self.name) else { return false }
        return words[..<name].contains("void") && !words[..<name].contains("*")
    }

    /// The words before the body.
    private func header(in file: CFile) -> [String] {
        var scanner = CScanner(file.bytes, in: range.lowerBound..<body, line: line)
        var words: [String] = []
        while let token = scanner.next() { if token.kind != .directive { words.append(file.text(token.range)) } }
        return words
    }

    /// The names of a function's parameters; `nil` if they cannot all be passed on.
    func parameters(in file: CFile) -> [String]? {
        let words = header(in: file)
        guard let name = words.firstIndex(of: self.name), name + 1 < words.count, words[name + 1] == "(" else {
            return nil
        }
        var depth = 0
        var names: [String] = []
        var last = ""
        for word in words[(name + 1)...] {
            if word == "(" || word == "[" { depth += 1 }
            if word == ")" || word == "]" { depth -= 1 }
            if depth == 0 || depth == 1 && word == "," {
                if !last.isEmpty && last != "void" { names.append(last) }
                last = ""
                if depth == 0 { return names }
            } else if word == "." || depth > 1 && word == "*" {
                // A variable number of arguments, or a pointer to a function.
                return nil
            } else if depth == 1 && CScanner.isWordStart(word.utf8.first ?? 0) {
                last = word
            }
        }
        return nil
    }
}
