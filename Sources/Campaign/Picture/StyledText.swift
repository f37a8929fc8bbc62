/// The meaning of a part of a picture, which determines its colour.
enum Tone: UInt8 {
    case plain
    /// Background: fillers, tables.
    case faint
    /// Instructions that an edit removes or adds.
    case edit
    /// Lines of calls.
    case call
    /// Wrong parts of a result.
    case wrong
    /// The expected value of a wrong part.
    case right
    case heading

    /// The class of the tone in HTML, or `nil`.
    var style: String? {
        switch self {
        case .plain: nil
        case .faint: "f"
        case .edit: "e"
        case .call: "c"
        case .wrong: "w"
        case .right: "r"
        case .heading: "h"
        }
    }

    /// The escape sequence of the tone, or `nil`.
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

    /// Appends text; a control character becomes `?`.
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

    /// Appends blanks up to a number of columns.
    mutating func pad(to width: Int) {
        while count < width { append(" ", .plain) }
    }

    /// Cuts a longer line to a number of columns and ends it with `…`.
    mutating func cut(to width: Int) {
        if count <= width { return }
        let tone = tones[max(width - 1, 0)]
        characters.removeLast(count - max(width - 1, 0))
        tones.removeLast(tones.count - characters.count)
        append("…", tone)
    }

    /// The printed line, without trailing blanks.
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

    /// The line as HTML, without trailing blanks: a `span` for each run of one tone.
    var html: String {
        var end = count
        while end > 0 && characters[end - 1] == " " { end -= 1 }
        var text = ""
        var run = ""
        var tone = Tone.plain
        func close() {
            if run.isEmpty { return }
            let words = MarkupText.escaped(run)
            text += tone.style.map { "<span class=\"\($0)\">\(words)</span>" } ?? words
            run = ""
        }
        for at in 0..<end {
            if tones[at] != tone && characters[at] != " " {
                close()
                tone = tones[at]
            }
            run.append(characters[at])
        }
        close()
        return text
    }

    /// Breaks a text into lines of at most `width` columns, between words if possible.
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

    /// Breaks a list after its commas, and a long item between words.
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
