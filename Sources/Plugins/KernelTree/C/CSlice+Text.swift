extension CSlice {
    /// The slice as one C file, without the stand-ins and the adapter, and the places of probes in it.
    ///
    /// Each definition is the unchanged text of the tree, with a `#line` that names its origin. Functions that write memory
    /// begin with `STANDIN_SCOPE`, on the line of the brace.
    ///
    /// - Parameters:
    ///   - counts: true to add probes
    ///   - mutated: the mutants of functions, or `nil`
    func text(counting counts: Bool = false, _ mutated: MutatedFunctions? = nil) -> (text: String, covered: CoveredText)
    {
        var covered = CoveredText()
        var lines: [String] = mutated == nil ? [] : [MutatedFunctions.declaration]
        for (name, hasParameters) in emptyMacros.sorted(by: { $0.key < $1.key }) {
            lines.append("#define \(name)\(hasParameters ? "(...)" : "")")
        }
        // A value, since trace_…_enabled() returns one.
        for name in noOpCalls.sorted() { lines.append("#define \(name)(...) 0") }
        for name in sizes.sorted() { lines.append("#define \(name) 64") }
        let macros = taken.filter { $0.kind == .macro }
        for macro in macros { lines.append(text(of: macro)) }
        for tag in opaqueTags.sorted() { lines.append(opaque(tag)) }
        for name in opaqueTypes.sorted() { lines.append("typedef struct { unsigned char opaque[64]; } \(name);") }
        for tag in tags where !opaqueTags.contains(tag) && keyword(of: tag) != "enum" {
            lines.append("\(keyword(of: tag)) \(tag);")
        }
        for type in taken where type.kind == .tagged || type.kind == .typedef { lines.append(text(of: type)) }
        let checks = sizeChecks
        lines += checks
        for declaration in missing { lines.append(prototype(declaration) + ";") }
        let sections = self.sections()
        for section in sections {
            lines.append(contentsOf: section.renamed.map { "#define \($0) \($0)__\(section.file)" })
            for function in section.functions { lines.append(prototype(function) + ";") }
            lines.append(contentsOf: section.renamed.map { "#undef \($0)" })
        }
        for section in sections {
            lines.append(contentsOf: section.renamed.map { "#define \($0) \($0)__\(section.file)" })
            for variable in section.variables { lines.append(text(of: variable)) }
            for function in section.functions {
                let file = files[function.file]
                lines += mutated?.copies(of: function, in: file) ?? []
                let start = mutated?.start(of: function, in: file) ?? ""
                lines.append(scopedText(of: function, start: start, counting: counts, &covered))
            }
            lines.append(contentsOf: section.renamed.map { "#undef \($0)" })
        }
        for declaration in missing {
            lines.append(prototype(declaration))
            let fault =
                "\(declaration.name)() is called and has no definition in kernel/bpf/*.c and no stand-in"
            lines.append("{ STANDIN_STOP(\"\(fault); \(StandIns.remedy) of plugin build\"); }")
        }
        if !checks.isEmpty { lines += CSlice.endOfSizeChecks }
        return (lines.joined(separator: "\n") + "\n", covered)
    }

    /// The text of a function, with a scope if it may write beyond a block: in a loop, or by a call that writes bytes.
    ///
    /// - Parameters:
    ///   - start: the code at the start of the body
    ///   - counts: true to add probes
    private func scopedText(
        of function: CDefinition, start: String, counting counts: Bool, _ covered: inout CoveredText
    ) -> String {
        let file = files[function.file]
        let words = tokens(of: function)
        let isInline = words.prefix { $0.text != "{" }.contains { ["inline", "__always_inline"].contains($0.text) }
        let writes = words.contains { CSlice.writers.contains($0.text) }
        guard file.bytes[function.body] == UInt8(ascii: "{") else { return text(of: function) }
        let range = (function.body + 1)..<function.range.upperBound
        let body = counts ? covered.text(range, of: function, in: file) : file.text(range)
        let scope = !isInline && writes ? " STANDIN_SCOPE " : ""
        return "#line \(function.line) \"\(file.name)\"\n" + file.text(function.range.lowerBound..<(function.body + 1))
            + start + scope + body
    }

    private static let writers: Set<String> = ["for", "while", "do", "memcpy", "memmove", "memset", "memcpy_and_pad"]

    /// The file and line of a definition, as `kernel/bpf/core.c:123`.
    func place(of definition: CDefinition) -> String { "\(files[definition.file].name):\(definition.line)" }

    /// The extracted functions.
    var functions: [CDefinition] { taken.filter { $0.kind == .function } }

    /// The name of the function that contains a line of a file.
    func function(at line: Int, of file: String) -> String? {
        functions.last { definition in
            guard files[definition.file].name == file && definition.line <= line else { return false }
            return line < definition.line
                + text(definition).split(separator: "\n", omittingEmptySubsequences: false).count
        }?.name
    }

    /// Returns true if an extracted type has a member with a name.
    func hasMember(_ member: String, of tag: String) -> Bool {
        guard let definition = taken.first(where: { $0.kind == .tagged && $0.name == tag }) else { return false }
        let file = files[definition.file]
        var scanner = CScanner(file.bytes, in: definition.body..<definition.range.upperBound)
        while let token = scanner.next() {
            if token.kind == .word && file.text(token.range) == member { return true }
        }
        return false
    }

    private func text(_ definition: CDefinition) -> String { files[definition.file].text(definition.range) }

    private func text(of definition: CDefinition) -> String {
        "#line \(definition.line) \"\(files[definition.file].name)\"\n" + text(definition)
    }

    /// The declaration of a function without its body or attributes.
    private func prototype(_ definition: CDefinition) -> String {
        var part = definition.range.lowerBound..<definition.body
        let file = files[definition.file]
        if definition.kind == .prototype, let close = file.bytes[part].lastIndex(of: UInt8(ascii: ")")) {
            part = part.lowerBound..<parametersEnd(of: definition, in: file, before: close + 1)
        }
        return "#line \(definition.line) \"\(file.name)\"\n" + file.text(part)
    }

    /// The end of the parameter list of a prototype. Attributes may follow it.
    private func parametersEnd(of definition: CDefinition, in file: CFile, before end: Int) -> Int {
        var scanner = CScanner(file.bytes, in: definition.range.lowerBound..<end)
        var hasName = false
        var depth = 0
        while let token = scanner.next() {
            let word = file.text(token.range)
            if word == definition.name && depth == 0 { hasName = true }
            if word == "(" { depth += 1 }
            if word == ")" {
                depth -= 1
                if depth == 0 && hasName { return token.range.upperBound }
            }
        }
        return end
    }

    private func opaque(_ tag: String) -> String {
        switch keyword(of: tag) {
        case "enum": "enum \(tag) { \(tag)__opaque };"
        case "union": "union \(tag) { unsigned char opaque[64]; };"
        default: "struct \(tag) { unsigned char opaque[64]; };"
        }
    }

    /// The functions and variables of one file. A static function is renamed if another file has one with its name.
    private struct Section {
        var file: Int
        var functions: [CDefinition] = []
        var variables: [CDefinition] = []
        var renamed: [String] = []
    }

    private func sections() -> [Section] {
        var sections: [Section] = []
        var names: Set<String> = []
        for file in files {
            var section = Section(file: file.number)
            section.functions = taken.filter { $0.file == file.number && $0.kind == .function }
            section.variables = taken.filter { $0.file == file.number && $0.kind == .variable }
            for function in section.functions where !names.insert(function.name).inserted {
                section.renamed.append(function.name)
            }
            if !section.functions.isEmpty || !section.variables.isEmpty { sections.append(section) }
        }
        return sections
    }
}
