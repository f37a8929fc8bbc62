/// The errors of a compiler or linker, read for the functions of a tree.
struct CompilerReport {
    /// Names that the tree uses and nobody declares, each once.
    private var unknown: [Unknown] = []
    /// The first error as the compiler has it, with the function that it lies in.
    private(set) var firstError: String

    /// A name, and its first use.
    private struct Unknown {
        var name: String
        var isCalled: Bool
        var place: String
        var function: String?
    }

    /// Reads what a compiler printed.
    init(_ said: String, _ slice: CSlice) {
        let lines = said.split(separator: "\n").map(String.init)
        // The linker says what is missing before the compiler says that it failed.
        firstError =
            lines.first { $0.contains("undefined ") || $0.contains("error: ") } ?? lines.last ?? "the compiler failed"
        if let function = CompilerReport.place(in: firstError, slice)?.function { firstError += " (in \(function)())" }
        for line in lines {
            guard let (name, isCalled) = CompilerReport.unknownName(in: line),
                !unknown.contains(where: { $0.name == name }),
                let (place, function) = CompilerReport.place(in: line, slice)
            else { continue }
            unknown.append(Unknown(name: name, isCalled: isCalled, place: place, function: function))
        }
    }

    /// A sentence about the helpers that are called and not there, with what to do; `nil` when something else is wrong.
    var missing: String? {
        guard let first = unknown.first(where: \.isCalled) else { return nil }
        var text = "\(first.function.map { "\($0)() calls " } ?? "a call of ")\(first.name)() at \(first.place)"
        text += ", which kernel/bpf/*.c does not define and for which there is no stand-in"
        let others = unknown.filter { $0.name != first.name }.map { $0.isCalled ? "\($0.name)()" : $0.name }
        if !others.isEmpty { text += " (nor for \(others.joined(separator: ", ")))" }
        return "\(text); \(StandIns.remedy)"
    }

    /// File and line of an error, and the function there.
    private static func place(in line: String, _ slice: CSlice) -> (place: String, function: String?)? {
        let parts = line.split(separator: ":", maxSplits: 2)
        guard parts.count == 3, let number = Int(parts[1]) else { return nil }
        return ("\(parts[0]):\(number)", slice.function(at: number, of: String(parts[0])))
    }

    /// The name that an error says is declared nowhere, in the words of clang or of gcc.
    private static func unknownName(in line: String) -> (name: String, isCalled: Bool)? {
        let words: [(text: String, isCalled: Bool)] = [
            ("call to undeclared function '", true), ("implicit declaration of function '", true),
            ("call to undeclared library function '", true), ("use of undeclared identifier '", false),
        ]
        for word in words {
            guard let start = line.range(of: word.text)?.upperBound else { continue }
            return (String(line[start...].prefix { $0 != "'" }), word.isCalled)
        }
        // gcc has the name first.
        guard let end = line.range(of: "' undeclared")?.lowerBound, let start = line[..<end].lastIndex(of: "'") else {
            return nil
        }
        return (String(line[line.index(after: start)..<end]), false)
    }
}
