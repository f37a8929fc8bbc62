/// What stands on one side of a row.
struct PictureEntry {
    enum Content {
        /// An instruction of the side's program, by its first slot.
        case slot(Int)
        /// A line of text without an index, such as `.subprog 100`.
        case header(String)
        /// An instruction that has no place in a program, and what stands for its index.
        case loose(name: String, text: String, slots: Int)
        /// What is wrong right above, in words.
        case note(String)
        /// Slots that are left out.
        case fold(slots: Int)
    }

    var content: Content
    var tone = Tone.plain
    /// As in a diff: `-` is taken out, `+` is brought in, `=` is kept by a patch, `✗` is wrong.
    var sign: Character = " "

    init(_ content: Content, _ tone: Tone = .plain, sign: Character = " ") {
        self.content = content
        self.tone = tone
        self.sign = sign
    }

    /// The slot it shows, or `nil`.
    var slot: Int? {
        if case .slot(let slot) = content { slot } else { nil }
    }
}

/// One row of a picture: two programs side by side and the words between them.
struct PictureRow {
    var left: PictureEntry?
    var right: PictureEntry?
    /// The bracket around the rows of an edit.
    var bracket: Character = " "
    /// What the edit does.
    var words = ""
    /// Which patch slot the right side comes from.
    var origin = ""
    /// Whether the row is shown whatever is left out, and how many rows around it.
    var interest: Int?

    init(_ left: PictureEntry? = nil, _ right: PictureEntry? = nil) {
        self.left = left
        self.right = right
    }

    /// Whether the row is nothing but an instruction on each side it has.
    var isPlain: Bool {
        func isPlain(_ entry: PictureEntry?) -> Bool {
            switch entry?.content {
            case .slot, .loose, nil: entry?.sign != "✗" && entry?.sign != "="
            default: false
            }
        }
        return isPlain(left) && isPlain(right) && words.isEmpty && (bracket == " " || bracket == "│")
    }

    /// Whether something is wrong on one of its sides.
    var isWrong: Bool { left?.tone == .wrong || right?.tone == .wrong }

    /// Whether one row can stand for this and another plain one, in what it says of edits.
    func isLike(_ other: PictureRow) -> Bool {
        bracket == other.bracket && left?.sign == other.left?.sign && right?.sign == other.right?.sign
    }
}
