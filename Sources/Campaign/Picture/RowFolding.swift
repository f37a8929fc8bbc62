/// Hides long runs of rows without edits, faults or jumps.
enum RowFolding {
    /// A picture of at most this many rows is not folded.
    static let shortest = 60
    /// The most rows shown because of jumps; beyond it, only edits and faults count.
    static let longest = 200
    /// The shortest run that is hidden.
    private static let shortestRun = 4

    /// Replaces each long run without interest by a row such as `… 18,850 slots …`.
    ///
    /// - Parameter jumps: true to keep jumps and their targets
    /// - Complexity: O(rows)
    static func fold(_ rows: [PictureRow], left: Listing, right: Listing?, jumps: Bool) -> [PictureRow] {
        if rows.count <= shortest { return rows }
        var shown = interesting(rows, left: left, right: right, jumps: jumps)
        // With jumps everywhere, they no longer mark places of interest.
        if jumps && shown.count(where: \.self) > longest { shown = essential(rows) }
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

    /// Marks the rows of edits, and the rows of faults with the rows around them.
    private static func essential(_ rows: [PictureRow]) -> [Bool] {
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

    /// Marks the rows of edits, faults and jumps with the rows around them.
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
