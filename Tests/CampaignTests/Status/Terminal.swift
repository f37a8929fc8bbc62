/// A terminal with a cursor: it understands the control sequences of the screen of a campaign.
struct Terminal {
    private(set) var rows: [[Character]]
    private var row = 0
    private var column = 0
    private var width: Int
    /// The rows that have scrolled out.
    private(set) var history: [String] = []

    init(columns: Int, rows: Int) {
        width = columns
        self.rows = Array(repeating: [], count: rows)
    }

    /// The rows without blanks at the end, and without empty rows at the end.
    var lines: [String] {
        var lines = rows.map { String($0).trimmedEnd }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    private mutating func nextRow() {
        if row < rows.count - 1 {
            row += 1
        } else {
            history.append(String(rows.removeFirst()).trimmedEnd)
            rows.append([])
        }
    }

    /// Makes the terminal narrower or wider; rows that no longer fit are broken.
    mutating func resize(columns: Int) {
        width = columns
        var broken: [[Character]] = []
        var cursor = 0
        for (number, line) in rows.enumerated() {
            var rest = line[...]
            repeat {
                broken.append(Array(rest.prefix(width)))
                rest = rest.dropFirst(width)
            } while !rest.isEmpty
            if number == row { cursor = broken.count - 1 }
        }
        while broken.count > rows.count, broken.last == [], broken.count - 1 > cursor { broken.removeLast() }
        while broken.count > rows.count {
            history.append(String(broken.removeFirst()).trimmedEnd)
            cursor -= 1
        }
        rows = broken
        row = cursor
        column = rows[row].count
    }

    /// Writes a text with control sequences.
    mutating func write(_ text: String) {
        var rest = Substring(String(text.unicodeScalars.map { $0 == "\r" ? "\u{1}" : Character($0) }))
        while let character = rest.popFirst() {
            switch character {
            case "\u{1}": column = 0
            case "\n":
                nextRow()
                column = 0
            case "\u{1b}":
                let sequence = rest.prefix { !$0.isLetter }
                rest = rest.dropFirst(sequence.count)
                let number = Int(sequence.dropFirst()) ?? 1
                switch rest.popFirst() {
                case "A": row = max(row - number, 0)
                case "K": rows[row] = Array(rows[row].prefix(column))
                case "J":
                    rows[row] = Array(rows[row].prefix(column))
                    for other in rows.indices where other > row { rows[other] = [] }
                default: break
                }
            default:
                if column == width {
                    nextRow()
                    column = 0
                }
                while rows[row].count <= column { rows[row].append(" ") }
                rows[row][column] = character
                column += 1
            }
        }
    }
}

extension String {
    fileprivate var trimmedEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}
