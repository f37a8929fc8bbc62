extension PictureTable {
    /// The lines of both sides next to each other.
    func sideBySide(_ one: Side, _ other: Side, _ style: Style, _ width: Int) -> [StyledText] {
        let leftWidth = max(one.width, left.title.count + 1)
        // The right side may use the rest of the line.
        let middle = middleWidth
        let rightWidth = width - leftWidth - middle
        var lines: [StyledText] = []
        var title = heading(left.title, one)
        title.pad(to: leftWidth + middle)
        title.append(heading(rightTitle, other))
        title.cut(to: width)
        lines.append(title)
        for (number, row) in rows.enumerated() {
            // A note may extend into the column of the edits.
            let isFree = hasMiddle && row.bracket == " " && row.right == nil
            let room = leftWidth + (isFree ? middle - 2 : 0)
            let texts = self.texts(row.left, number, left, one, style, width: room)
            let others = self.texts(row.right, number, right, other, style, width: rightWidth)
            for part in 0..<max(texts.count, others.count) {
                var line = part < texts.count ? texts[part] : one.gutter.cells(ofRow: number, below: true)
                line.pad(to: leftWidth)
                if !isFree { appendMiddle(row, isFirst: part == 0, to: &line) }
                line.pad(to: leftWidth + middle)
                line.append(part < others.count ? others[part] : other.gutter.cells(ofRow: number, below: true))
                line.cut(to: width)
                lines.append(line)
            }
        }
        return lines
    }

    /// Appends the column between the sides.
    private func appendMiddle(_ row: PictureRow, isFirst: Bool, to line: inout StyledText) {
        guard hasMiddle else {
            line.append(" │", .faint)
            return
        }
        var bracket = row.bracket
        if !isFirst { bracket = bracket == "┌" || bracket == "│" ? "│" : " " }
        line.append("  ")
        line.append(bracket, .edit)
        guard isFirst else { return }
        let end = line.count + 1 + wordsWidth
        line.append(" ")
        append(row.words, to: &line)
        line.pad(to: end)
        line.append(row.origin.isEmpty ? "" : " " + row.origin, .edit)
    }

    /// The lines of one side below the other. Edits are described after the instructions that they remove.
    func stacked(_ width: Int) -> [StyledText] {
        var lines = stack(left, left.title, \.left, width, words: \.words)
        lines.append(StyledText())
        lines += stack(right, rightTitle, \.right, width, words: \.origin)
        return lines
    }

    /// The left side alone, without its title.
    func single(_ width: Int) -> [StyledText] {
        Array(stack(left, "", \.left, width, words: nil).dropFirst())
    }

    private func stack(
        _ listing: Listing?, _ title: String, _ entry: KeyPath<PictureRow, PictureEntry?>, _ width: Int,
        words: KeyPath<PictureRow, String>?
    ) -> [StyledText] {
        let descriptions = rows.map { row in hasMiddle ? words.map { row[keyPath: $0] } ?? "" : "" }
        let descriptionWidth = (descriptions.map(\.count).max() ?? 0) + 2
        var style = Style(showsAux: showsAux)
        var side = side(listing, title, entry, style)
        for tighter in [
            Style(pitch: 1, showsAux: showsAux),
            Style(pitch: 1, showsAux: auxMatters, showsLines: linesMatter, shortens: true),
        ]
        where side.width + descriptionWidth > width {
            style = tighter
            side = self.side(listing, title, entry, style)
        }
        // Without room after an instruction, descriptions get their own line and places in patches are left out.
        let fits = side.width + descriptionWidth <= width
        var lines = [heading(title, side)]
        for (number, row) in rows.enumerated() {
            let isAlone = !fits && words == \.words
            if isAlone && !descriptions[number].isEmpty {
                var line = number > 0 ? side.gutter.cells(ofRow: number - 1, below: true) : StyledText()
                line.pad(to: side.gutter.width + 1)
                append(descriptions[number], to: &line)
                lines.append(line)
            }
            if row[keyPath: entry] == nil && (descriptions[number].isEmpty || !fits) { continue }
            let texts = self.texts(row[keyPath: entry], number, listing, side, style, width: width)
            for (part, text) in texts.enumerated() {
                var line = text
                if part == 0 && fits && !descriptions[number].isEmpty {
                    line.pad(to: side.width + 1)
                    append(descriptions[number], to: &line)
                }
                lines.append(line)
            }
        }
        for number in lines.indices { lines[number].cut(to: width) }
        return lines
    }

    private func append(_ words: String, to line: inout StyledText) {
        line.append(words, words.hasPrefix("✗") ? .wrong : .edit)
    }
}
