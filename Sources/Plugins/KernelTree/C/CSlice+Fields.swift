/// The fields of types, for tables whose rows are compared field by field.
extension CSlice {
    /// One field of a type. Fields of anonymous members are fields of the type.
    struct Field: Hashable {
        enum Kind: String {
            case bytes = "BYTES"
            case bool = "BOOL"
            case bits = "BITS"
        }

        /// The path from the type, as `state.count`.
        var path: String
        var kind: Kind
        var isPointer = false
    }

    /// The fields of a type with a tag; empty if it is undefined.
    func fields(of tag: String) -> [Field] {
        guard let definition = taken.first(where: { $0.kind == .tagged && $0.name == tag && !$0.isEnum }) else {
            return []
        }
        let words = tokens(of: definition)
        guard let open = words.firstIndex(where: { $0.text == "{" }) else { return [] }
        var fields: [Field] = []
        takeMembers(words, after: open, prefix: "", &fields)
        return fields
    }

    /// Takes the members between braces. Returns the index of the closing brace.
    @discardableResult
    private func takeMembers(_ words: [CWord], after open: Int, prefix: String, _ fields: inout [Field]) -> Int {
        var at = open + 1
        while at < words.count, words[at].text != "}" {
            at = takeMember(words, at: at, prefix: prefix, &fields)
        }
        return at
    }

    /// Takes one member declaration. Returns the index after its semicolon.
    private func takeMember(_ words: [CWord], at start: Int, prefix: String, _ fields: inout [Field]) -> Int {
        var at = start
        var type: [String] = []
        while at < words.count, words[at].text != "{", words[at].text != ";", words[at].text != "}" {
            type.append(words[at].text)
            at += 1
        }
        guard at < words.count, words[at].text == "{" else {
            if at < words.count, words[at].text == ";" { takeDeclarators(words[start..<at], prefix, &fields) }
            return at + 1
        }
        // A nested type: its members are known by the name that follows, or directly.
        let close = end(of: words, at: at)
        var end = close
        while end < words.count, words[end].text != ";" { end += 1 }
        let name = words[close..<end].first { $0.isName && !$0.text.hasPrefix("__") }?.text
        let isArray = words[close..<end].contains { $0.text == "[" }
        if isArray, let name {
            fields.append(Field(path: prefix + name, kind: .bytes))
        } else {
            takeMembers(words, after: at, prefix: name.map { prefix + $0 + "." } ?? prefix, &fields)
        }
        return end + 1
    }

    /// The index of the brace that closes another.
    private func end(of words: [CWord], at open: Int) -> Int {
        var depth = 0
        for number in open..<words.count {
            if words[number].text == "{" { depth += 1 }
            if words[number].text == "}" {
                depth -= 1
                if depth == 0 { return number }
            }
        }
        return words.count - 1
    }

    /// Takes the names of a member declaration without braces.
    private func takeDeclarators(_ words: ArraySlice<CWord>, _ prefix: String, _ fields: inout [Field]) {
        let texts = words.map(\.text)
        // A macro such as DECLARE_BITMAP is a member that is not known.
        if texts.count > 1 && texts[1] == "(" { return }
        if let pointer = texts.indices.first(where: { $0 + 2 < texts.count && texts[$0] == "(" && texts[$0 + 1] == "*" }
        ) {
            fields.append(Field(path: prefix + texts[pointer + 2], kind: .bytes))
            return
        }
        let isPointer = texts.contains("*")
        let tag =
            CFile.tagKeywords.contains(texts.first ?? "") && texts.first != "enum" && texts.count > 1 ? texts[1] : nil
        for part in texts.split(separator: ",") {
            let end = part.firstIndex { $0 == ":" || $0 == "[" } ?? part.endIndex
            let isName = { (text: String) in
                CScanner.isWordStart(text.utf8.first ?? 0) && !text.hasPrefix("__")
            }
            guard let name = part[..<end].last(where: isName) else { continue }
            let isBits = end < part.endIndex && part[end] == ":"
            let isArray = end < part.endIndex && part[end] == "["
            // A flexible array has no size.
            if isArray && part.index(after: end) < part.endIndex && part[part.index(after: end)] == "]" { continue }
            if let tag, !isPointer, !isArray, case let nested = self.fields(of: tag), !nested.isEmpty {
                fields += nested.map { Field(path: "\(prefix)\(name).\($0.path)", kind: $0.kind) }
            } else {
                let kind: Field.Kind = isBits ? .bits : !isPointer && texts.contains("bool") ? .bool : .bytes
                fields.append(Field(path: prefix + name, kind: kind, isPointer: isPointer))
            }
        }
    }
}
