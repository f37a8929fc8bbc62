extension PictureTable {
    /// Both sides in one table.
    func sideBySide(_ one: Side, _ other: Side, _ style: Style, _ width: Int) -> [StyledText] {
        let leftWidth = max(one.width, left.title.count + 1)
        // The right side may use what is left of the line.
        let middle = middleWidth
        let rightWidth = width - leftWidth - middle
        var lines: [StyledText] = []
        var title = heading(left.title, one)
        title.pad(to: leftWidth + middle)
        title.append(heading(rightTitle, other))
        title.cut(to: width)
        lines.append(title)
        for (number, row) in rows.enumerated() {
            let texts = self.texts(row.left, number, left, one, style, width: leftWidth)
            let others = self.texts(row.right, number, right, other, style, width: rightWidth)
            for part in 0..<max(texts.count, others.count) {
                var line = part < texts.count ? texts[part] : one.gutter.cells(ofRow: number, below: true)
                line.pad(to: leftWidth)
                appendMiddle(row, isFirst: part == 0, to: &line)
                line.pad(to: leftWidth + middle)
                line.append(part < others.count ? others[part] : other.gutter.cells(ofRow: number, below: true))
                line.cut(to: width)
                lines.append(line)
            }
        }
        return lines
    }

    /// What stands between the sides.
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
        var words = StyledText(" " + row.words, row.words.hasPrefix("✗") ? .wrong : .edit)
        words.pad(to: wordsWidth + 1)
        line.append(words)
        line.append(row.origin.isEmpty ? "" : " " + row.origin, .edit)
    }

    /// One side below the other; the words of an edit stand behind what it takes, those of a patch slot behind it.
    func stacked(_ width: Int) -> [StyledText] {
        var lines = stack(left, left.title, \.left, width) { $0.words }
        lines.append(StyledText())
        lines += stack(right, rightTitle, \.right, width) { $0.origin }
        return lines
    }

    /// The left side alone, without its title.
    func single(_ width: Int) -> [StyledText] { Array(stack(left, "", \.left, width) { _ in "" }.dropFirst()) }

    private func stack(
        _ listing: Listing?, _ title: String, _ entry: KeyPath<PictureRow, PictureEntry?>, _ width: Int,
        words: (PictureRow) -> String
    ) -> [StyledText] {
        let wordsWidth = hasMiddle ? rows.map { words($0).isEmpty ? 0 : words($0).count + 2 }.max() ?? 0 : 0
        var style = Style(showsAux: showsAux)
        var side = side(listing, title, entry, style)
        for tighter in [
            Style(pitch: 1, showsAux: showsAux),
            Style(pitch: 1, showsAux: auxMatters, showsLines: linesMatter, shortens: true),
        ]
        where side.width + wordsWidth > width {
            style = tighter
            side = self.side(listing, title, entry, style)
        }
        let room = max(min(side.width, width - wordsWidth), 24)
        var lines = [heading(title, side)]
        for (number, row) in rows.enumerated() {
            let said = words(row)
            if row[keyPath: entry] == nil && said.isEmpty { continue }
            let isNote = if case .note = row[keyPath: entry]?.content { true } else { false }
            for (part, text) in texts(
                row[keyPath: entry], number, listing, side, style, width: isNote ? width : room
            ).enumerated() {
                var line = text
                if part == 0 && !said.isEmpty {
                    line.pad(to: room + 1)
                    line.append(said, said.hasPrefix("✗") ? .wrong : .edit)
                }
                lines.append(line)
            }
        }
        lines[0].cut(to: width)
        for number in lines.indices { lines[number].cut(to: width) }
        return lines
    }
}
