/// Parses the errors of a compiler or linker and attributes them to functions of a tree.
struct CompilerReport {
    /// Undeclared names that the tree uses, each once.
    private var unknown: [Unknown] = []
    /// The first error line, with the function that contains it.
    private(set) var firstError: String

    /// An undeclared name and its first use.
    private struct Unknown {
        var name: String
        var isCalled: Bool
        var place: String
        var function: String?
    }

    /// The file of the first error, or `nil`.
    private(set) var firstFile: String?
    /// A sentence on a use of a size that is not known, or `nil`.
    private(set) var unknownSize: String?

    /// Parses the output of a compiler.
    init(_ messages: String, _ slice: CSlice) {
        let lines = messages.split(separator: "\n").map(String.init)
        // The linker's message precedes the compiler driver's.
        firstError =
            lines.first { $0.contains("undefined ") || $0.contains("error: ") } ?? lines.last ?? "the compiler failed"
        if let function = CompilerReport.place(in: firstError, slice)?.function { firstError += " (in \(function)())" }
        firstFile =
            firstError.contains("error: ") ? firstError.firstIndex(of: ":").map { String(firstError[..<$0]) } : nil
        for line in lines where unknownSize == nil {
            guard let type = CompilerReport.inexactType(in: line),
                let (place, function) = CompilerReport.place(in: line, slice)
            else { continue }
            let cause = slice.unknown(in: type) ?? type
            unknownSize =
                "\(function.map { "\($0)() at " } ?? "")\(place) uses the size of \(type)"
                + (type == cause ? ", which" : "; it depends on \(cause), which")
        }
        for line in lines {
            guard let (name, isCalled) = CompilerReport.unknownName(in: line),
                !unknown.contains(where: { $0.name == name }),
                let (place, function) = CompilerReport.place(in: line, slice)
            else { continue }
            unknown.append(Unknown(name: name, isCalled: isCalled, place: place, function: function))
        }
    }

    /// A sentence that names the missing helpers and the remedy; `nil` if the error is another one.
    var missing: String? {
        guard let first = unknown.first(where: \.isCalled) else { return nil }
        var text = "\(first.function.map { "\($0)() calls " } ?? "a call of ")\(first.name)() at \(first.place)"
        text += "; it has no definition in kernel/bpf/*.c and no stand-in"
        let others = unknown.filter { $0.name != first.name }.map { $0.isCalled ? "\($0.name)()" : $0.name }
        if !others.isEmpty { text += " (nor do \(others.joined(separator: ", ")))" }
        return "\(text); \(StandIns.remedy)"
    }

    /// The type of unknown size in an error message of clang or gcc.
    private static func inexactType(in line: String) -> String? {
        if let start = line.range(of: CSlice.inexactPrefix)?.upperBound {
            return String(line[start...].prefix { CScanner.isWordPart($0.utf8.first ?? 0) }).replacing("__", with: " ")
        }
        guard line.contains("error: "), let start = line.range(of: "incomplete type '")?.upperBound else { return nil }
        return String(line[start...].prefix { $0 != "'" })
    }

    /// The file and line of an error, and the function there.
    private static func place(in line: String, _ slice: CSlice) -> (place: String, function: String?)? {
        let parts = line.split(separator: ":", maxSplits: 2)
        guard parts.count == 3, let number = Int(parts[1]) else { return nil }
        return ("\(parts[0]):\(number)", slice.function(at: number, of: String(parts[0])))
    }

    /// The undeclared name in an error message of clang or gcc.
    private static func unknownName(in line: String) -> (name: String, isCalled: Bool)? {
        let words: [(text: String, isCalled: Bool)] = [
            ("call to undeclared function '", true), ("implicit declaration of function '", true),
            ("call to undeclared library function '", true), ("use of undeclared identifier '", false),
        ]
        for word in words {
            guard let start = line.range(of: word.text)?.upperBound else { continue }
            return (String(line[start...].prefix { $0 != "'" }), word.isCalled)
        }
        // gcc prints the name first.
        guard let end = line.range(of: "' undeclared")?.lowerBound, let start = line[..<end].lastIndex(of: "'") else {
            return nil
        }
        return (String(line[line.index(after: start)..<end]), false)
    }
}
