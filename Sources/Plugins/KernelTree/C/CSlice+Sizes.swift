/// Types of unknown size. Code may contain them, but an expression that depends on their size does not compile.
extension CSlice {
    /// The types that no header defines.
    var opaque: [String] {
        opaqueTags.sorted().map { "\(keyword(of: $0)) \($0)" } + opaqueTypes.sorted()
    }

    /// The types whose size is unknown, as C writes them: the opaque ones, and those that contain one. Each has the name that no
    /// header defines.
    private var inexact: [String: String] {
        var causes: [String: String] = [:]
        for tag in opaqueTags where keyword(of: tag) != "enum" {
            let type = "\(keyword(of: tag)) \(tag)"
            causes[type] = type
        }
        for type in opaqueTypes { causes[type] = type }
        if causes.isEmpty && sizes.isEmpty { return [:] }
        var others: [(type: String, tokens: [CWord])] = []
        for definition in taken where definition.kind == .typedef || (definition.kind == .tagged && !definition.isEnum)
        {
            let prefix = definition.kind == .typedef ? "" : "\(keyword(of: definition.name)) "
            others.append((prefix + definition.name, tokens(of: definition)))
        }
        while true {
            let found = others.compactMap { type, tokens in
                causes[type] == nil ? cause(in: tokens, causes).map { (type, $0) } : nil
            }
            if found.isEmpty { return causes }
            for (type, cause) in found { causes[type] = cause }
        }
    }

    /// The undefined name if a type has a member of a type by value, or an array with an unknown size.
    private func cause(in tokens: [CWord], _ causes: [String: String]) -> String? {
        for (number, token) in tokens.enumerated() where token.isName && number + 1 < tokens.count {
            if sizes.contains(token.text) { return token.text }
            let before = number > 0 ? tokens[number - 1].text : ""
            let type = CFile.tagKeywords.contains(before) ? "\(before) \(token.text)" : token.text
            if let cause = causes[type], tokens[number + 1].isName { return cause }
        }
        return nil
    }

    /// The name that no header defines, on which the size of a type depends.
    func unknown(in type: String) -> String? { inexact[type] }

    /// The prefix of the types that name an inexact type in a message of the compiler.
    static let inexactPrefix = "standin_inexact_"

    /// Macros that make `sizeof` and `offsetof` errors for types of unknown size.
    var sizeChecks: [String] {
        let types = inexact.keys.sorted()
        if types.isEmpty { return [] }
        var lines: [String] = []
        var cases = ""
        for type in types {
            let name = CSlice.inexactPrefix + type.replacing(" ", with: "__")
            lines.append("extern struct \(name) { char none; } \(name);")
            cases += "\(type) *: \(name), const \(type) *: \(name), "
        }
        lines.append(
            "#define STANDIN_IF_EXACT(place, value) _Generic((__typeof__(place) *)0, \(cases)default: (value))")
        lines.append("#define sizeof(place) STANDIN_IF_EXACT(place, sizeof(place))")
        lines.append("#undef offsetof")
        lines.append(
            "#define offsetof(type, member) STANDIN_IF_EXACT(((type *)0)->member, __builtin_offsetof(type, member))")
        return lines
    }

    static let endOfSizeChecks = [
        "#undef sizeof", "#undef offsetof", "#define offsetof(type, member) __builtin_offsetof(type, member)",
    ]
}
