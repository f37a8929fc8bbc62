/// Two programs with their jumps, side by side if they fit, else one above the other.
struct PictureTable {
    let left: Listing
    /// `nil` if the right side has no program, as for a refused pass.
    let right: Listing?
    let rightTitle: String
    /// The rows after folding.
    let rows: [PictureRow]
    /// True if edits are described between the sides.
    let hasMiddle: Bool
    let showsAux: Bool
    /// True if aux words must be shown, even in a narrow table.
    let auxMatters: Bool
    /// True if line records must be shown, even in a narrow table.
    let linesMatter: Bool
    /// The width of the longest edit description, and of the longest place in a patch.
    ///
    /// - Units: columns
    let wordsWidth: Int
    let originWidth: Int

    init(
        left: Listing, right: Listing?, rightTitle: String, rows: [PictureRow], hasMiddle: Bool, showsAux: Bool,
        auxMatters: Bool = false, linesMatter: Bool = false
    ) {
        self.left = left
        self.right = right
        self.rightTitle = rightTitle
        self.rows = rows
        self.hasMiddle = hasMiddle
        self.showsAux = showsAux
        self.auxMatters = auxMatters
        self.linesMatter = linesMatter
        wordsWidth = rows.map(\.words.count).max() ?? 0
        originWidth = rows.map { $0.origin.isEmpty ? 0 : $0.origin.count + 1 }.max() ?? 0
    }

    /// One of the ways to divide the columns.
    struct Style {
        var pitch = 2
        var showsAux: Bool
        var showsLines = true
        var shortens = false
    }

    /// The measured widths of one side.
    struct Side {
        var gutter: Gutter
        var nameWidth = 0
        var textWidth = 0
        var auxWidth = 0
        var lineWidth = 0

        /// - Units: columns
        var bodyWidth: Int {
            2 + nameWidth + 2 + textWidth + (auxWidth > 0 ? auxWidth + 2 : 0) + (lineWidth > 0 ? lineWidth + 2 : 0)
        }
        /// The columns in which aux words and line records begin.
        var auxStart: Int { width - bodyWidth + 4 + nameWidth + textWidth + 2 }
        var lineStart: Int { auxStart + (auxWidth > 0 ? auxWidth + 2 : 0) }
        var width: Int { gutter.width + (gutter.width > 0 ? 1 : 0) + bodyWidth }
    }

    /// The width of the space between the sides, in columns.
    var middleWidth: Int { hasMiddle ? 4 + wordsWidth + originWidth + 2 : 3 }

    /// The lines of the table.
    ///
    /// - Complexity: O(rows × lanes)
    func lines(width: Int) -> [StyledText] {
        var styles = [Style(showsAux: showsAux), Style(pitch: 1, showsAux: showsAux)]
        if !auxMatters { styles.append(Style(pitch: 1, showsAux: false)) }
        styles.append(Style(showsAux: auxMatters, showsLines: linesMatter, shortens: true))
        styles.append(Style(pitch: 1, showsAux: auxMatters, showsLines: linesMatter, shortens: true))
        for style in styles {
            let one = side(left, left.title, \.left, style)
            let other = side(right, rightTitle, \.right, style)
            // A note needs room for some words.
            if one.width + middleWidth + max(other.width, 34) <= width { return sideBySide(one, other, style, width) }
        }
        return stacked(width)
    }

    /// Measures one side.
    func side(
        _ listing: Listing?, _ title: String, _ entry: KeyPath<PictureRow, PictureEntry?>, _ style: Style
    ) -> Side {
        var rowOfSlot: [Int: Int] = [:]
        for (number, row) in rows.enumerated() {
            if let slot = row[keyPath: entry]?.slot { rowOfSlot[slot] = number }
        }
        let gutter = Gutter(
            listing?.arcs ?? [], rowCount: rows.count, pitch: style.pitch, limit: style.pitch == 2 ? 8 : 14
        ) { rowOfSlot[$0] }
        var side = Side(gutter: gutter)
        for row in rows {
            guard let content = row[keyPath: entry]?.content else { continue }
            switch content {
            case .slot(let slot):
                guard let listing else { continue }
                side.nameWidth = max(side.nameWidth, listing.name(of: slot).count)
                side.textWidth = max(side.textWidth, text(of: slot, listing, style).count)
                if style.showsAux { side.auxWidth = max(side.auxWidth, listing.aux(of: slot).count, 3) }
                let records = style.showsLines ? listing.lineRecords(of: slot) : ""
                if !records.isEmpty { side.lineWidth = max(side.lineWidth, records.count, 4) }
            case .loose(let name, let text, _):
                side.nameWidth = max(side.nameWidth, name.count)
                side.textWidth = max(side.textWidth, text.count)
            case .header(let text): side.textWidth = max(side.textWidth, text.count - 2)
            case .fold(let slots): side.textWidth = max(side.textWidth, Self.foldText(slots).count - 2)
            case .note: break
            }
        }
        // The titles of the other columns follow the title of the side.
        if side.auxWidth + side.lineWidth > 0 { side.textWidth += max(0, title.count + 2 - side.auxStart) }
        return side
    }

    private func text(of slot: Int, _ listing: Listing, _ style: Style) -> String {
        style.shortens ? listing.shortText(of: slot) : listing.text(of: slot)
    }

    /// The heading of a side.
    func heading(_ title: String, _ side: Side) -> StyledText {
        var line = StyledText(title, .heading)
        for (start, width, name) in [(side.auxStart, side.auxWidth, "aux"), (side.lineStart, side.lineWidth, "line")]
        where width > 0 {
            line.pad(to: start)
            line.append(name, .faint)
        }
        return line
    }

    static func foldText(_ slots: Int) -> String {
        "… \(CountText.of(slots, "slot")) …"
    }

    /// The lines of one side in a row: one, or several for a note; none is wider than `width`.
    func texts(
        _ entry: PictureEntry?, _ row: Int, _ listing: Listing?, _ side: Side, _ style: Style, width: Int
    ) -> [StyledText] {
        func begin(below: Bool) -> StyledText {
            var line = side.gutter.cells(ofRow: row, below: below)
            if line.count > 0 { line.append(" ") }
            return line
        }
        var line = begin(below: false)
        guard let entry else { return [line] }
        let indentation = String(repeating: " ", count: side.nameWidth)
        func body(_ name: String, _ text: String) {
            line.append("\(entry.sign) ", entry.tone)
            line.append(String(repeating: " ", count: max(side.nameWidth - name.count, 0)) + name + "  ", entry.tone)
            line.append(text, entry.tone)
        }
        switch entry.content {
        case .slot(let slot):
            guard let listing else { break }
            body(listing.name(of: slot), self.text(of: slot, listing, style))
            if style.showsAux {
                line.pad(to: side.auxStart)
                line.append(listing.aux(of: slot), .faint)
            }
            let records = style.showsLines ? listing.lineRecords(of: slot) : ""
            if !records.isEmpty {
                line.pad(to: side.lineStart)
                line.append(records, .faint)
            }
        case .loose(let name, let text, _): body(name, text)
        case .header(let text): line.append("  " + indentation + text, entry.tone)
        case .fold(let slots): line.append("\(entry.sign) " + indentation + Self.foldText(slots), entry.tone)
        case .note(let text):
            let room = max(width - line.count - 2, 12)
            return StyledText.wrap(text, to: room).enumerated().map { number, words in
                var line = begin(below: number > 0)
                line.append("  " + words, entry.tone)
                line.cut(to: width)
                return line
            }
        }
        line.cut(to: width)
        return [line]
    }
}
