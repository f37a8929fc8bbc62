/// The definitions that some functions need, taken from the files of a tree.
///
/// Names are followed from the functions on: what they call, the types and macros they use, and what these use. What the
/// stand-ins define is not followed. A type that is only pointed to is taken when something looks inside.
struct CSlice {
    /// The files that are searched; those behind ``preferred`` are read only when a call is found nowhere else.
    private(set) var files: [CFile] = []
    private var unread: [CFileSource]
    private let defined: Set<String>
    private let standins: Set<String>
    private let standinTags: Set<String>

    private var ordinary: [String: [CDefinition]] = [:]
    private var tagged: [String: CDefinition] = [:]

    /// What has been taken, in an order in which types come before those that hold them.
    private(set) var taken: [CDefinition] = []
    private var seen: Set<Place> = []
    /// The functions that only a prototype is known of.
    private(set) var missing: [CDefinition] = []
    /// The tags that were met, each with its keyword.
    private var keywords: [String: String] = [:]
    /// Types that are held by value and nobody defines.
    private(set) var opaqueTags: Set<String> = []
    private(set) var opaqueTypes: Set<String> = []
    /// Sizes of arrays that nobody defines.
    private(set) var sizes: Set<String> = []
    /// Attributes that nobody defines; true for those with parentheses.
    private(set) var blankMacros: [String: Bool] = [:]
    /// Tracepoints and lock assertions that are called: each is one of hundreds that do nothing here.
    private(set) var idleCalls: Set<String> = []
    /// Members that point to a type, by their names.
    private var pointers: [String: Set<String>] = [:]
    /// Members that something looks behind.
    private var accessed: Set<String> = []

    /// Where a definition stands.
    private struct Place: Hashable {
        var file: Int
        var start: Int
    }

    /// Makes an empty slice.
    ///
    /// - Parameters:
    ///   - sources: files that are always searched, the first ones before the others
    ///   - others: files of functions that these may call
    ///   - standins: headers whose definitions are used instead of the tree's
    init(sources: [CFileSource], others: [CFileSource], standins: [CFile], defined: Set<String>) {
        self.defined = defined
        unread = others
        let definitions = standins.flatMap(\.definitions)
        self.standins = Set(definitions.filter { $0.kind != .tagged }.map(\.name))
        standinTags = Set(definitions.filter { $0.kind == .tagged }.map(\.name))
        for source in sources { read(source) }
    }

    private mutating func read(_ source: CFileSource) {
        let file = CFile(name: source.name, bytes: source.bytes, number: files.count, defined: defined)
        files.append(file)
        for definition in file.definitions {
            for constant in definition.constants { ordinary[constant, default: []].append(definition) }
            if definition.kind == .tagged {
                if tagged[definition.name] == nil { tagged[definition.name] = definition }
            } else {
                ordinary[definition.name, default: []].append(definition)
            }
        }
    }

    /// Where a function is defined, if it is.
    mutating func function(_ name: String) -> CDefinition? {
        find(name, from: nil, isCall: true).first { $0.kind == .function }
    }

    /// Takes a function or type with all it needs.
    mutating func take(function name: String) { for found in find(name, from: nil, isCall: true) { take(found) } }

    /// Takes a type that somebody looks into.
    mutating func take(tag: String) { need(tag) }

    /// Takes a name that is used from outside, such as a macro.
    mutating func take(name: String) { for found in find(name, from: nil, isCall: false) { take(found) } }

    /// Takes what is pointed to and looked into, until there is nothing more.
    mutating func close() {
        while true {
            let wanted = accessed.flatMap { pointers[$0] ?? [] }.filter { tagged[$0].map(isTaken) == false }
            if wanted.isEmpty { return }
            for tag in wanted.sorted() { need(tag) }
        }
    }

    private func isTaken(_ definition: CDefinition) -> Bool {
        seen.contains(Place(file: definition.file, start: definition.range.lowerBound))
    }

    /// The tags that were met.
    var tags: [String] { keywords.keys.sorted() }

    /// `struct`, `union` or `enum`, for a tag that was met.
    func keyword(of tag: String) -> String { keywords[tag] ?? "struct" }

    // MARK: Names

    /// The definitions of a name that a file sees: its macro, and the best of the others.
    private mutating func find(_ name: String, from file: Int?, isCall: Bool) -> [CDefinition] {
        if standins.contains(name) { return [] }
        var found = visible(name, from: file)
        if isCall && !found.contains(where: { $0.kind != .prototype }) {
            let call = Array("\(name)(".utf8)
            while let number = unread.firstIndex(where: { $0.bytes.contains(call) }) {
                read(unread.remove(at: number))
                found = visible(name, from: file)
                if found.contains(where: { $0.kind == .function }) { break }
            }
        }
        return found
    }

    private func visible(_ name: String, from file: Int?) -> [CDefinition] {
        let all = (ordinary[name] ?? []).filter { file == nil || !$0.isStatic || $0.file == file }
        func best(_ isRight: (CDefinition) -> Bool) -> CDefinition? {
            let right = all.filter(isRight)
            return right.first { $0.file == file } ?? right.first
        }
        let macro = best { $0.kind == .macro }
        let other = best { $0.kind != .macro && $0.kind != .prototype } ?? best { $0.kind == .prototype }
        return [macro, other].compactMap { $0 }
    }

    // MARK: Following

    private mutating func take(_ definition: CDefinition) {
        guard seen.insert(Place(file: definition.file, start: definition.range.lowerBound)).inserted else { return }
        let tokens = self.tokens(of: definition)
        switch definition.kind {
        case .prototype: missing.append(definition)
        case .tagged, .typedef: followType(tokens, definition)
        default: break
        }
        if definition.kind != .tagged && definition.kind != .typedef { followCode(tokens, definition) }
        if definition.kind != .prototype { taken.append(definition) }
    }

    private func tokens(of definition: CDefinition) -> [CWord] {
        let file = files[definition.file]
        var words: [CWord] = []
        if definition.kind == .macro {
            let range = definition.body..<definition.range.upperBound
            var scanner = CScanner(file.bytes, in: range, isInDirective: true)
            while let token = scanner.next() { words.append(CWord(token, file.text(token.range))) }
            return words
        }
        var text = CText(file.bytes, in: definition.range, line: definition.line, defined: defined)
        while let token = text.next() {
            if token.kind != .directive { words.append(CWord(token, file.text(token.range))) }
        }
        return words
    }

    /// Takes a type whole.
    private mutating func need(_ tag: String) {
        if standinTags.contains(tag) { return }
        if let definition = tagged[tag] {
            take(definition)
        } else {
            opaqueTags.insert(tag)
        }
    }

    private mutating func follow(_ name: String, from file: Int, isCall: Bool) {
        let found = find(name, from: file, isCall: isCall)
        if isCall && !standins.contains(name) && CSlice.isIdle(name)
            && !found.contains(where: { $0.kind != .prototype })
        {
            idleCalls.insert(name)
            return
        }
        for definition in found { take(definition) }
    }

    /// True for the names of tracepoints, which macros of the kernel make, and of assertions about locks.
    private static func isIdle(_ name: String) -> Bool {
        name.hasPrefix("trace_") || name.hasPrefix("lockdep_assert")
    }

    /// Follows a function, variable or macro: all tags are taken whole, since it may look into them.
    private mutating func followCode(_ tokens: [CWord], _ definition: CDefinition) {
        let locals = definition.kind == .function ? CWord.locals(of: tokens) : []
        for (number, token) in tokens.enumerated() where token.isName {
            let before = number > 0 ? tokens[number - 1].text : ""
            let after = number + 1 < tokens.count ? tokens[number + 1].text : ""
            if CFile.tagKeywords.contains(before) {
                keywords[token.text] = before
                if tagged[token.text] != nil || before == "enum" { need(token.text) }
            } else if before == "." || before == "->" {
                accessed.insert(token.text)
            } else if !(after != "(" && locals.contains(token.text)) && token.text != definition.name {
                follow(token.text, from: definition.file, isCall: after == "(")
            }
        }
        if definition.kind == .function || definition.kind == .prototype {
            guessTypes(tokens.prefix { $0.text != "{" }, definition)
        }
    }

    /// Follows a type: what it holds by value comes before it, what it points to may stay unknown.
    private mutating func followType(_ tokens: [CWord], _ definition: CDefinition) {
        var depth = 0
        var sizeDepth = 0
        for (number, token) in tokens.enumerated() {
            let before = number > 0 ? tokens[number - 1].text : ""
            // Parameters of a function follow its name in parentheses; the arguments of a macro follow a name.
            if token.text == "(" && (depth > 0 || before == ")") { depth += 1 }
            if token.text == ")" && depth > 0 { depth -= 1 }
            if token.text == "[" { sizeDepth += 1 }
            if token.text == "]" { sizeDepth -= 1 }
            guard token.isName else { continue }
            if sizeDepth > 0 && isUnknown(token, definition) { sizes.insert(token.text) }
            if CFile.tagKeywords.contains(before) {
                followTag(token.text, before, tokens[(number + 1)...], isParameter: depth > 0, definition)
            } else if token.text != definition.name && !definition.constants.contains(token.text) {
                // A member may be called like a function.
                for found in find(token.text, from: definition.file, isCall: false)
                where ![.function, .prototype, .variable].contains(found.kind) { take(found) }
            }
        }
        guessTypes(tokens[...], definition)
    }

    private mutating func followTag(
        _ tag: String, _ keyword: String, _ rest: ArraySlice<CWord>, isParameter: Bool, _ definition: CDefinition
    ) {
        let behind = rest.drop { $0.text.hasPrefix("__") || $0.text == "const" }
        // The tag of the type itself, or of one that is defined inside it.
        if behind.first?.text == "{" || tag == definition.name { return }
        keywords[tag] = keyword
        if keyword == "enum" { return need(tag) }
        if behind.first?.text != "*" { return isParameter ? () : need(tag) }
        if !isParameter, let member = behind.first(where: { $0.isName && !$0.text.hasPrefix("__") }) {
            pointers[member.text, default: []].insert(tag)
        }
    }

    private func isUnknown(_ token: CWord, _ definition: CDefinition) -> Bool {
        !standins.contains(token.text) && visible(token.text, from: definition.file).isEmpty
            && !CWord.isBuiltIn(token.text)
    }

    /// Finds words that can only be types or attributes, and that nobody defines.
    private mutating func guessTypes(_ tokens: ArraySlice<CWord>, _ definition: CDefinition) {
        var before = ""
        for number in tokens.indices {
            let token = tokens[number]
            defer { before = token.text }
            guard token.isName, !CFile.tagKeywords.contains(before), before != ".", before != "->",
                number + 1 < tokens.endIndex,
                isUnknown(token, definition)
            else { continue }
            let next = tokens[number + 1]
            if token.text.hasPrefix("__") {
                blankMacros[token.text] = next.text == "("
            } else if ["{", ";", "}", "(", ",", "const", "static", "extern", "inline", "typedef", "volatile"].contains(
                before)
                || before.isEmpty,
                next.isName || next.text == "*"
            {
                opaqueTypes.insert(token.text)
            }
        }
    }
}

/// A file that has not been looked at.
struct CFileSource: Sendable {
    var name: String
    var bytes: [UInt8]
}
