import TextTable

/// Tables as they are printed here: columns apart, and nothing behind the last.
enum PlainTable {
    /// A line for the titles, and one for each row.
    static func text<Row>(_ rows: [Row], _ columns: @escaping (Row) -> [Column]) -> String {
        let text = TextTable(columns).string(for: rows, style: Style.plain) ?? ""
        return text.split(separator: "\n").map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
