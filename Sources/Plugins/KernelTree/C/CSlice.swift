/// The transitive definitions of some functions, extracted from the files of a tree.
///
/// The slice follows calls, types and macros from the functions on. Names that the stand-ins define are not followed. A type
/// that is only used by pointer is taken when code accesses its members.
struct CSlice {
    /// The files that have been read.
    private(set) var files: [CFile] = []
    /// The files to read when no other file defines a called function.
    private var unread: [CFileSource]
    /// The headers of the kernel that are searched for undefined types and sizes only.
    var headers: [CFileSource]
    /// Removes the text that is not compiled from a header.
    let compiled: (CFileSource) -> CFileSource
    private let standins: Set<String>
    private let standinTags: Set<String>

    private(set) var ordinary: [String: [CDefinition]] = [:]
    private(set) var tagged: [String: CDefinition] = [:]

    /// The extracted definitions. A type precedes the types that contain it.
    private(set) var taken: [CDefinition] = []
    private var seen: Set<Place> = []
    /// The called functions that have a prototype and no definition.
    private(set) var missing: [CDefinition] = []
    /// The keyword of each tag in use.
    private var keywords: [String: String] = [:]
    /// The functions that several files define.
    private(set) var ambiguous: [(name: String, places: [String])] = []
    /// Undefined types that are used by value.
    private(set) var opaqueTags: Set<String> = []
    private(set) var opaqueTypes: Set<String> = []
    /// Undefined array sizes.
    private(set) var sizes: Set<String> = []
    /// Undefined attributes; true for those with parentheses.
    private(set) var emptyMacros: [String: Bool] = [:]
    /// The tracepoints and lock assertions that are called. They do nothing here, and there are hundreds.
    private(set) var noOpCalls: Set<String> = []
    /// The types that members point to, by member name.
    private var pointers: [String: Set<String>] = [:]
    /// The members that code accesses.
    private(set) var accessed: Set<String> = []

    /// The position of a definition.
    private struct Place: Hashable {
        var file: Int
        var start: Int
    }

    /// Makes an empty slice.
    ///
    /// - Parameters:
    ///   - sources: files that are always searched; earlier files win
    ///   - others: files that are searched for called functions only
    ///   - headers: files that are searched for types and sizes that no other file defines
    ///   - standins: headers whose definitions replace those of the tree
    ///   - compiled: removes the text that is not compiled from a header; the other files are without
    init(
        sources: [CFileSource], others: [CFileSource], headers: [CFileSource], standins: [CFile],
        compiled: @escaping (CFileSource) -> CFileSource
    ) {
        unread = others
        self.headers = headers
        self.compiled = compiled
        let definitions = standins.flatMap(\.definitions)
        self.standins = Set(definitions.filter { $0.kind != .tagged }.map(\.name))
        standinTags = Set(definitions.filter { $0.kind == .tagged }.map(\.name))
        for source in sources { read(source) }
    }

    mutating func read(_ source: CFileSource) {
        let file = CFile(source, number: files.count)
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

    /// The definition of a function, or `nil`.
    mutating func function(_ name: String) -> CDefinition? {
        find(name, from: nil, isCall: true).first { $0.kind == .function }
    }

    /// Adds a function with its dependencies.
    mutating func take(function name: String) {
        noteAmbiguity(of: name)
        for found in find(name, from: nil, isCall: true) { take(found) }
    }

    /// Records that several files define a function which no file of the tree calls here.
    private mutating func noteAmbiguity(of name: String) {
        let all = (ordinary[name] ?? []).filter { $0.kind == .function }
        if all.count > 1 && !ambiguous.contains(where: { $0.name == name }) {
            ambiguous.append((name, all.map(place)))
        }
    }

    /// Adds a type with its members.
    mutating func take(tag: String) { need(tag) }

    /// Adds a name that the adapter uses, such as a macro.
    mutating func take(name: String) { for found in find(name, from: nil, isCall: false) { take(found) } }

    /// Adds a function, a type or another name that the user wants. Returns false if nothing defines it.
    mutating func take(wanted name: String) -> Bool {
        let found = find(name, from: nil, isCall: true).filter { $0.kind != .prototype }
        for definition in found { take(definition) }
        if found.isEmpty && tagged[name] != nil { need(name) }
        return !found.isEmpty || tagged[name] != nil
    }

    /// Adds all that the functions of another file use and do not define.
    mutating func takeUses(in file: CFile) {
        let own = Set(file.definitions.map(\.name))
        for definition in file.definitions {
            var scanner = CScanner(file.bytes, in: definition.range, line: definition.line)
            var words: [CWord] = []
            while let token = scanner.next() {
                if token.kind != .directive { words.append(CWord(token, file.text(token.range))) }
            }
            followCode(words, definition, from: nil, except: own)
        }
    }

    /// Adds the types that are used by pointer and accessed, until no more appear.
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

    /// The types that members with a name point to.
    func pointees(of member: String) -> [String] { (pointers[member] ?? []).sorted() }

    /// The tags in use.
    var tags: [String] { keywords.keys.sorted() }

    /// `struct`, `union` or `enum`, for a tag in use.
    func keyword(of tag: String) -> String { keywords[tag] ?? "struct" }

    // MARK: Names

    /// The definitions of a name that are visible in a file: its macro, and the best of the others.
    private mutating func find(_ name: String, from file: Int?, isCall: Bool) -> [CDefinition] {
        if standins.contains(name) { return [] }
        var found = visible(name, from: file)
        if isCall && !found.contains(where: { $0.kind != .prototype }) {
            while let number = unread.firstIndex(where: { $0.contains("\(name)(") }) {
                read(unread.remove(at: number))
                found = visible(name, from: file)
                if found.contains(where: { $0.kind == .function }) { break }
            }
        }
        return found
    }

    func visible(_ name: String, from file: Int?) -> [CDefinition] {
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

    func tokens(of definition: CDefinition) -> [CWord] {
        let file = files[definition.file]
        var words: [CWord] = []
        if definition.kind == .macro {
            let range = definition.body..<definition.range.upperBound
            var scanner = CScanner(file.bytes, in: range, isInDirective: true)
            while let token = scanner.next() { words.append(CWord(token, file.text(token.range))) }
            return words
        }
        var text = CScanner(file.bytes, in: definition.range, line: definition.line)
        while let token = text.next() {
            if token.kind != .directive { words.append(CWord(token, file.text(token.range))) }
        }
        return words
    }

    /// Adds a type with its members, or declares it opaque if it is undefined.
    private mutating func need(_ tag: String) {
        if standinTags.contains(tag) { return }
        if tagged[tag] == nil { readHeader(definingTag: tag) }
        if let definition = tagged[tag] {
            take(definition)
        } else {
            opaqueTags.insert(tag)
        }
    }

    private mutating func follow(_ name: String, from file: Int?, isCall: Bool) {
        let found = find(name, from: file, isCall: isCall)
        if isCall && !standins.contains(name) && CSlice.isNoOp(name)
            && !found.contains(where: { $0.kind != .prototype })
        {
            noOpCalls.insert(name)
            return
        }
        if file == nil { noteAmbiguity(of: name) }
        for definition in found { take(definition) }
    }

    /// Returns true for tracepoints, which kernel macros define, and for lock assertions.
    private static func isNoOp(_ name: String) -> Bool {
        name.hasPrefix("trace_") || name.hasPrefix("lockdep_assert")
    }

    /// Follows a function, variable or macro. It may access any type that it names, so all are added with their members.
    private mutating func followCode(_ tokens: [CWord], _ definition: CDefinition) {
        followCode(tokens, definition, from: definition.file, except: [])
    }

    private mutating func followCode(
        _ tokens: [CWord], _ definition: CDefinition, from file: Int?, except own: Set<String>
    ) {
        let locals = definition.kind == .function ? CLocals(of: tokens).names : []
        for (number, token) in tokens.enumerated() where token.isName {
            let before = number > 0 ? tokens[number - 1].text : ""
            let after = number + 1 < tokens.count ? tokens[number + 1].text : ""
            if CFile.tagKeywords.contains(before) {
                keywords[token.text] = before
                if tagged[token.text] == nil && after != "*" { readHeader(definingTag: token.text) }
                if tagged[token.text] != nil || before == "enum" { need(token.text) }
            } else if before == "." || before == "->" {
                accessed.insert(token.text)
            } else if !(after != "(" && locals.contains(token.text)) && token.text != definition.name
                && !own.contains(token.text)
            {
                follow(token.text, from: file, isCall: after == "(")
            }
        }
        if file == nil { return }
        if definition.kind == .function || definition.kind == .prototype {
            guessTypes(tokens.prefix { $0.text != "{" }, definition)
        }
    }

    /// Follows a type. Types used by value are added before it; types used by pointer may stay incomplete.
    private mutating func followType(_ tokens: [CWord], _ definition: CDefinition) {
        var depth = 0
        var sizeDepth = 0
        for (number, token) in tokens.enumerated() {
            let before = number > 0 ? tokens[number - 1].text : ""
            // A parameter list follows a parenthesis; the arguments of a macro follow a name.
            if token.text == "(" && (depth > 0 || before == ")") { depth += 1 }
            if token.text == ")" && depth > 0 { depth -= 1 }
            if token.text == "[" { sizeDepth += 1 }
            if token.text == "]" { sizeDepth -= 1 }
            guard token.isName else { continue }
            if sizeDepth > 0 && isUnknown(token, definition)
                && !readHeader(definingName: token.text, isSize: true, from: definition.file)
            {
                sizes.insert(token.text)
            }
            if CFile.tagKeywords.contains(before) {
                followTag(token.text, before, tokens[(number + 1)...], isParameter: depth > 0, definition)
            } else if token.text != definition.name && !definition.constants.contains(token.text) {
                // A member may have the name of a function.
                for found in find(token.text, from: definition.file, isCall: false)
                where ![.function, .prototype, .variable].contains(found.kind) { take(found) }
            }
        }
        guessTypes(tokens[...], definition)
    }

    private mutating func followTag(
        _ tag: String, _ keyword: String, _ rest: ArraySlice<CWord>, isParameter: Bool, _ definition: CDefinition
    ) {
        let next = rest.drop { $0.text.hasPrefix("__") || $0.text == "const" }
        // The tag of the type itself, or of a nested definition.
        if next.first?.text == "{" || tag == definition.name { return }
        keywords[tag] = keyword
        if keyword == "enum" { return need(tag) }
        if next.first?.text != "*" { return isParameter ? () : need(tag) }
        if !isParameter, let member = next.first(where: { $0.isName && !$0.text.hasPrefix("__") }) {
            pointers[member.text, default: []].insert(tag)
        }
    }

    private func isUnknown(_ token: CWord, _ definition: CDefinition) -> Bool {
        !standins.contains(token.text) && visible(token.text, from: definition.file).isEmpty
            && !CWord.isBuiltIn(token.text)
    }

    /// Finds undefined names that can only be types or attributes.
    private mutating func guessTypes(_ tokens: ArraySlice<CWord>, _ definition: CDefinition) {
        var before = ""
        for number in tokens.indices {
            let token = tokens[number]
            defer { before = token.text }
            guard token.isName, !CFile.tagKeywords.contains(before), before != ".", before != "->",
                number + 1 < tokens.endIndex
            else { continue }
            let next = tokens[number + 1]
            let isType =
                (CSlice.wordsBeforeTypes.contains(before) || before.isEmpty) && (next.isName || next.text == "*")
            if !isUnknown(token, definition) {
                // A header that has been read since may define it.
                if isType { followTypedef(token.text, from: definition.file) }
            } else if token.text.hasPrefix("__") {
                emptyMacros[token.text] = next.text == "("
            } else if isType {
                if readHeader(definingName: token.text, isSize: false, from: definition.file) {
                    followTypedef(token.text, from: definition.file)
                } else {
                    opaqueTypes.insert(token.text)
                }
            }
        }
    }

    private static let wordsBeforeTypes: Set<String> = [
        "{", ";", "}", "(", ",", "const", "static", "extern", "inline", "typedef", "volatile",
    ]

    private mutating func followTypedef(_ name: String, from file: Int) {
        if standins.contains(name) { return }
        for found in visible(name, from: file) where found.kind == .typedef { take(found) }
    }
}
