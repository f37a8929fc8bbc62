/// Leaves out runs of rows in which nothing happens.
enum RowFolding {
    /// How many rows are always shown.
    static let shortest = 60
    /// How many rows may be shown before jumps are of no more interest.
    static let longest = 200
    /// The shortest run that is left out.
    private static let shortestRun = 4

    /// Rows with `… 18,850 slots …` for each long run without interest; short pictures are left whole.
    ///
    /// - Parameter jumps: whether jumps and where they land are of interest
    /// - Complexity: O(rows)
    static func fold(_ rows: [PictureRow], left: Listing, right: Listing?, jumps: Bool) -> [PictureRow] {
        if rows.count <= shortest { return rows }
        var shown = interesting(rows, left: left, right: right, jumps: jumps)
        // Where jumps are everywhere, they do not tell one place from another.
        if jumps && shown.count(where: \.self) > longest { shown = pressing(rows) }
        var folded: [PictureRow] = []
        var at = 0
        while at < rows.count {
            var end = at
            while end < rows.count && !shown[end] && rows[end].isPlain && rows[end].isLike(rows[at]) { end += 1 }
            if end - at < shortestRun {
                folded += rows[at..<max(end, at + 1)]
                at = max(end, at + 1)
                continue
            }
            func fold(_ side: KeyPath<PictureRow, PictureEntry?>, _ listing: Listing?) -> PictureEntry? {
                guard let first = rows[at][keyPath: side] else { return nil }
                let slots = rows[at..<end].reduce(0) { sum, row in
                    switch row[keyPath: side]?.content {
                    case .slot(let slot): sum + (listing?.width(at: slot) ?? 1)
                    case .loose(_, _, let slots): sum + slots
                    default: sum
                    }
                }
                return PictureEntry(.fold(slots: slots), first.sign == " " ? .faint : first.tone, sign: first.sign)
            }
            var row = PictureRow(fold(\.left, left), fold(\.right, right))
            row.bracket = rows[at].bracket
            folded.append(row)
            at = end
        }
        return folded
    }

    /// Which rows are shown because something happens there alone, or something is wrong there or beside them.
    private static func pressing(_ rows: [PictureRow]) -> [Bool] {
        var shown = Array(repeating: false, count: rows.count)
        for (number, row) in rows.enumerated() {
            guard let interest = row.interest else { continue }
            show(number, around: row.isWrong ? interest : 0, in: &shown)
        }
        show(0, around: 0, in: &shown)
        show(rows.count - 1, around: 0, in: &shown)
        return shown
    }

    private static func show(_ row: Int, around: Int, in shown: inout [Bool]) {
        for at in max(row - around, 0)...min(row + around, shown.count - 1) { shown[at] = true }
    }

    /// Which rows are shown because something happens there or beside them.
    private static func interesting(
        _ rows: [PictureRow], left: Listing, right: Listing?, jumps: Bool
    ) -> [Bool] {
        var shown = Array(repeating: false, count: rows.count)
        show(0, around: 0, in: &shown)
        show(rows.count - 1, around: 0, in: &shown)
        for (number, row) in rows.enumerated() {
            if let interest = row.interest { show(number, around: interest, in: &shown) }
            for (entry, listing) in [(row.left, left), (row.right, right)] {
                guard jumps, let slot = entry?.slot, let listing else { continue }
                if listing.isTarget[slot] { show(number, around: 1, in: &shown) }
                if listing.isSource[slot] { shown[number] = true }
            }
        }
        return shown
    }
}
