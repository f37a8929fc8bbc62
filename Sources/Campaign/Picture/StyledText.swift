/// What a stretch of a picture means, from which its colour follows.
enum Tone: UInt8 {
    case plain
    /// What is there but matters little: fillers, tables.
    case faint
    /// What an edit takes or brings.
    case edit
    /// Calls, as opposed to jumps.
    case call
    /// What a patcher got wrong.
    case wrong
    /// What it should have been.
    case right
    case heading

    /// The terminal's sequence for it, or `nil`.
    ///
    /// - Source: ECMA-48, SGR
    var sequence: String? {
        switch self {
        case .plain: nil
        case .faint: "\u{1b}[2m"
        case .edit: "\u{1b}[36m"
        case .call: "\u{1b}[35m"
        case .wrong: "\u{1b}[1;31m"
        case .right: "\u{1b}[1;32m"
        case .heading: "\u{1b}[1m"
        }
    }
}

/// One line of a picture: characters of one column each, each with a tone.
struct StyledText {
    private(set) var characters: [Character] = []
    private(set) var tones: [Tone] = []

    init() {}

    init(_ text: String, _ tone: Tone = .plain) { append(text, tone) }

    /// - Units: columns
    var count: Int { characters.count }

    /// Puts text at the end; what no terminal shows in one column becomes `?`.
    mutating func append(_ text: String, _ tone: Tone = .plain) {
        for character in text {
            let isControl = character.unicodeScalars.contains { $0.value < 32 || (127..<160).contains($0.value) }
            append(isControl ? "?" : character, tone)
        }
    }

    mutating func append(_ character: Character, _ tone: Tone) {
        characters.append(character)
        tones.append(tone)
    }

    mutating func append(_ other: StyledText) {
        characters += other.characters
        tones += other.tones
    }

    /// Fills up with blanks to a number of columns.
    mutating func pad(to width: Int) {
        while count < width { append(" ", .plain) }
    }

    /// Cuts to a number of columns; what was longer ends in `…`.
    mutating func cut(to width: Int) {
        if count <= width { return }
        let tone = tones[max(width - 1, 0)]
        characters.removeLast(count - max(width - 1, 0))
        tones.removeLast(tones.count - characters.count)
        append("…", tone)
    }

    /// The line as it is printed, without blanks at its end.
    func printed(color: Bool) -> String {
        var end = count
        while end > 0 && characters[end - 1] == " " { end -= 1 }
        if !color { return String(characters[..<end]) }
        var text = ""
        var tone = Tone.plain
        for at in 0..<end {
            if tones[at] != tone && characters[at] != " " {
                if tone != .plain { text += "\u{1b}[0m" }
                tone = tones[at]
                text += tone.sequence ?? ""
            }
            text.append(characters[at])
        }
        return tone == .plain ? text : text + "\u{1b}[0m"
    }

    /// Breaks a sentence into lines of at most some columns, between words where there are any.
    static func wrap(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            var word = word
            if !line.isEmpty && line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            while word.count > width {
                lines.append(String(word.prefix(width)))
                word = word.dropFirst(width)
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }

    /// Breaks a list after its commas, and where that is not enough between words.
    static func wrapList(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for part in text.split(separator: ",").map({ $0.drop { $0 == " " } }) {
            if let last = lines.last, last.count + 2 + part.count <= width {
                lines[lines.count - 1] += ", " + part
            } else {
                lines += wrap(String(part), to: width)
            }
        }
        return lines
    }
}
