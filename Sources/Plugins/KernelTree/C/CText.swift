/// The compiled tokens of one part of a file: conditionals are evaluated.
struct CText {
    private var scanner: CScanner
    private var conditions: CConditions

    /// Reads a file, or a part of it that contains whole conditionals.
    init(_ bytes: [UInt8], in range: Range<Int>? = nil, line: Int = 1, defined: Set<String>) {
        scanner = CScanner(bytes, in: range, line: line)
        conditions = CConditions(defined: defined)
    }

    /// The next compiled token. Directives other than conditionals are tokens.
    mutating func next() -> CToken? {
        while let token = scanner.next() {
            if token.kind == .directive {
                if conditions.take(CDirective(scanner.bytes, token)) { continue }
            }
            if conditions.isActive { return token }
        }
        return nil
    }
}

/// A parsed `#` line.
struct CDirective {
    /// `define`, `ifdef` and so on.
    var name: String
    /// The tokens that follow the name.
    var rest: [String]
    /// The offset after the name of a macro.
    var bodyStart: Int

    init(_ bytes: [UInt8], _ token: CToken) {
        var scanner = CScanner(bytes, in: token.range, line: token.line, isInDirective: true)
        var words: [String] = []
        bodyStart = token.range.upperBound
        while let part = scanner.next() {
            words.append(String(decoding: bytes[part.range], as: UTF8.self))
            if words.count == 3 {
                bodyStart = part.range.upperBound
                if words[1] == "define" { break }
            }
        }
        name = words.count > 1 ? words[1] : ""
        rest = Array(words.dropFirst(2))
    }
}

/// Evaluates `#if`, `#ifdef` and the like. Only predefined macros count as defined.
struct CConditions {
    /// One open conditional.
    private struct Level {
        var isActive: Bool
        /// True if one of its branches was compiled.
        var hasMatched: Bool
        var isOuterActive: Bool
    }

    private let defined: Set<String>
    private var levels: [Level] = []

    init(defined: Set<String>) { self.defined = defined }

    /// True if the following text is compiled.
    var isActive: Bool { levels.last?.isActive ?? true }

    /// Processes a directive. Returns true if it was a conditional.
    mutating func take(_ directive: CDirective) -> Bool {
        switch directive.name {
        case "if": open(evaluate(directive.rest))
        case "ifdef": open(directive.rest.first.map(defined.contains) == true)
        case "ifndef": open(directive.rest.first.map(defined.contains) != true)
        case "elif": openBranch(evaluate(directive.rest))
        case "else": openBranch(true)
        case "endif": if !levels.isEmpty { levels.removeLast() }
        default: return false
        }
        return true
    }

    private mutating func open(_ condition: Bool) {
        levels.append(Level(isActive: isActive && condition, hasMatched: condition, isOuterActive: isActive))
    }

    private mutating func openBranch(_ condition: Bool) {
        guard var level = levels.popLast() else { return }
        level.isActive = level.isOuterActive && !level.hasMatched && condition
        level.hasMatched = level.hasMatched || condition
        levels.append(level)
    }

    private func evaluate(_ words: [String]) -> Bool {
        var expression = CExpression(words, defined: defined)
        return expression.value() != 0
    }
}

/// The value of the expression of an `#if`.
struct CExpression {
    private let words: [String]
    private let defined: Set<String>
    private var at = 0

    /// - Parameter words: the tokens of the expression
    init(_ words: [String], defined: Set<String>) {
        // The scanner splits two-character operators.
        var joined: [String] = []
        for word in words {
            if let last = joined.last, ["&&", "||", "==", "!=", "<=", ">="].contains(last + word) {
                joined[joined.count - 1] = last + word
            } else {
                joined.append(word)
            }
        }
        self.words = joined
        self.defined = defined
    }

    /// Evaluates the expression. Unsupported syntax evaluates to 0.
    mutating func value() -> Int { binary(0) }

    private static let levels = [["||"], ["&&"], ["==", "!="], ["<", ">", "<=", ">="], ["+", "-"]]

    private mutating func binary(_ level: Int) -> Int {
        guard level < CExpression.levels.count else { return unary() }
        var left = binary(level + 1)
        while at < words.count, CExpression.levels[level].contains(words[at]) {
            let sign = words[at]
            at += 1
            let right = binary(level + 1)
            switch sign {
            case "||": left = left != 0 || right != 0 ? 1 : 0
            case "&&": left = left != 0 && right != 0 ? 1 : 0
            case "==": left = left == right ? 1 : 0
            case "!=": left = left != right ? 1 : 0
            case "<": left = left < right ? 1 : 0
            case ">": left = left > right ? 1 : 0
            case "<=": left = left <= right ? 1 : 0
            case ">=": left = left >= right ? 1 : 0
            case "+": left &+= right
            default: left &-= right
            }
        }
        return left
    }

    /// Macros that test an option. The stand-ins set no option to `m`.
    private static let options: Set<String> = ["IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE"]

    private mutating func unary() -> Int {
        guard at < words.count else { return 0 }
        let word = words[at]
        at += 1
        switch word {
        case "!": return unary() == 0 ? 1 : 0
        case "(":
            let inner = binary(0)
            at += 1
            return inner
        case "defined":
            let isWrapped = at < words.count && words[at] == "("
            let name = at + (isWrapped ? 1 : 0)
            at = name + (isWrapped ? 2 : 1)
            return name < words.count && defined.contains(words[name]) ? 1 : 0
        default: break
        }
        if at < words.count && words[at] == "(" && CScanner.isWordStart(word.utf8.first ?? 0) {
            if CExpression.options.contains(word), at + 2 < words.count, words[at + 2] == ")" {
                at += 3
                return defined.contains(words[at - 2]) ? 1 : 0
            }
            // Any other function-like macro is unknown and evaluates to 0.
            var depth = 0
            repeat {
                depth += words[at] == "(" ? 1 : words[at] == ")" ? -1 : 0
                at += 1
            } while at < words.count && depth > 0
            return 0
        }
        if let number = Int(word.prefix { $0.isNumber }) { return number }
        return defined.contains(word) ? 1 : 0
    }
}
