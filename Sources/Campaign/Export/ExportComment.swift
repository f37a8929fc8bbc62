import Fuzzing

/// The comment at the start of an exported file: the finding in words.
enum ExportComment {
    /// The lines of the comment, without its marks.
    static func lines(of c: Case) -> [String] {
        var lines = [c.bucket ?? (c.name.isEmpty ? "a case of bpf-patch-fuzz" : c.name)]
        if !c.name.isEmpty && c.bucket != nil { lines.append(c.name) }
        if let sentence = c.sentence { lines.append(sentence) }
        if let detail = c.detail { lines.append(detail) }
        if let release = c.loading?.release { lines.append("Found with Linux \(release).") }
        if let origin = c.origin { lines.append("Made from case \(origin.index) of seed \(origin.seed).") }
        return lines.map(oneLine)
    }

    /// A text without line ends, which would end a comment or a C string.
    static func oneLine(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

    /// A text as a C string.
    static func quoted(_ text: String) -> String {
        "\"" + oneLine(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
