/// One side of a row.
struct PictureEntry {
    enum Content {
        /// An instruction of the side's program, by its first slot.
        case slot(Int)
        /// A line of text without an index, such as `.subprog 100`.
        case header(String)
        /// A patch instruction outside any program, with a name in place of its index.
        case loose(name: String, text: String, slots: Int)
        /// The fault of the row above, in words.
        case note(String)
        /// A run of hidden slots.
        case fold(slots: Int)
    }

    var content: Content
    var tone = Tone.plain
    /// As in a diff: `-` is removed, `+` is added, `=` is kept by a patch, `✗` is wrong.
    var sign: Character = " "

    init(_ content: Content, _ tone: Tone = .plain, sign: Character = " ") {
        self.content = content
        self.tone = tone
        self.sign = sign
    }

    /// The slot of an instruction, or `nil`.
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
    /// One line of the edit's description.
    var words = ""
    /// The patch slot that the right side comes from.
    var origin = ""
    /// If not `nil`, the row is always shown, with this number of rows around it.
    var interest: Int?

    init(_ left: PictureEntry? = nil, _ right: PictureEntry? = nil) {
        self.left = left
        self.right = right
    }

    /// True if the row has only unmarked instructions.
    var isPlain: Bool {
        func isPlain(_ entry: PictureEntry?) -> Bool {
            switch entry?.content {
            case .slot, .loose, nil: entry?.sign != "✗" && entry?.sign != "="
            default: false
            }
        }
        return isPlain(left) && isPlain(right) && words.isEmpty && (bracket == " " || bracket == "│")
    }

    /// True if one of its sides is wrong.
    var isWrong: Bool { left?.tone == .wrong || right?.tone == .wrong }

    /// Returns true if one folded row can replace both plain rows: bracket and signs are the same.
    func isLike(_ other: PictureRow) -> Bool {
        bracket == other.bracket && left?.sign == other.left?.sign && right?.sign == other.right?.sign
    }
}
