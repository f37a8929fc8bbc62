/// A cell of a table, with the title of its column.
struct Column {
    enum Side { case left, right }

    var title: String
    var value: String
    var align = Side.left
}

/// Tables with one blank between columns and without trailing blanks.
///
/// In a table that is too wide, titles are broken over several lines. If that is not enough, the table is split into
/// parts, one below the other, each with the first column.
enum PlainTable {
    /// The lines of the titles, and a line for each row.
    ///
    /// - Parameter width: the maximum width; only the first column with a single other one may exceed it
    static func text<Row>(_ rows: [Row], width: Int = OutputWidth.columns, _ columns: (Row) -> [Column]) -> String {
        let cells = rows.map(columns)
        guard let first = cells.first else { return "" }
        var layouts = first.indices.map { column in Layout(cells.map { $0[column] }) }
        if !fits(layouts, width) { for place in layouts.indices { layouts[place].breakTitle() } }
        var parts: [[Layout]] = []
        for layout in layouts.dropFirst() {
            if let last = parts.last, fits(last + [layout], width) {
                parts[parts.count - 1].append(layout)
            } else {
                parts.append([layouts[0], layout])
            }
        }
        if parts.isEmpty { parts = [layouts] }
        return parts.map { part in (0..<lineCount(part)).map { line($0, of: part) }.joined() }.joined(separator: "\n")
    }

    /// A column with the lines of its title and its values.
    private struct Layout {
        var titles: [String]
        var values: [String]
        var align: Column.Side

        init(_ cells: [Column]) {
            titles = [cells[0].title]
            values = cells.map(\.value)
            align = cells[0].align
        }

        var width: Int { (titles + values).map(\.count).max() ?? 0 }

        /// Breaks the title after blanks and hyphens if that makes the column narrower.
        mutating func breakTitle() {
            var pieces: [String] = []
            var piece = ""
            for letter in titles[0] {
                if letter != " " { piece.append(letter) }
                if letter == " " || letter == "-" {
                    pieces.append(piece)
                    piece = ""
                }
            }
            pieces.append(piece)
            let least = (values + pieces).map(\.count).max() ?? 0
            var lines: [String] = []
            for piece in pieces {
                if let last = lines.last {
                    let joined = last + (last.hasSuffix("-") ? "" : " ") + piece
                    if joined.count <= least {
                        lines[lines.count - 1] = joined
                        continue
                    }
                }
                lines.append(piece)
            }
            titles = lines
        }

        /// A line of the column: first the title, aligned to the bottom of `titleCount` lines, then the values.
        func text(_ line: Int, titleCount: Int) -> String {
            if line >= titleCount { return padded(values[line - titleCount]) }
            let place = line - (titleCount - titles.count)
            return padded(place < 0 ? "" : titles[place])
        }

        private func padded(_ text: String) -> String {
            let blanks = String(repeating: " ", count: width - text.count)
            return align == .left ? text + blanks : blanks + text
        }
    }

    private static func fits(_ layouts: [Layout], _ width: Int) -> Bool {
        layouts.reduce(layouts.count - 1) { $0 + $1.width } <= width
    }

    private static func titleCount(_ layouts: [Layout]) -> Int { layouts.map(\.titles.count).max() ?? 0 }

    private static func lineCount(_ layouts: [Layout]) -> Int { titleCount(layouts) + layouts[0].values.count }

    private static func line(_ number: Int, of layouts: [Layout]) -> String {
        let count = titleCount(layouts)
        var line = layouts.map { $0.text(number, titleCount: count) }.joined(separator: " ")
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }
}
