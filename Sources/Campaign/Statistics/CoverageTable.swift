import Fuzzing

/// The situations that the passes of a campaign tested, as tables and as JSON.
package struct CoverageTable: Sendable {
    /// The counts, in the order of `CoverageCell.all`.
    private let counts: [UInt64]

    /// - Parameter counts: empty for none
    init(_ counts: [UInt64]) {
        self.counts = counts.isEmpty ? Array(repeating: 0, count: CoverageCell.all.count) : counts
    }

    /// The possible cells that no pass was in.
    package var missing: [CoverageCell] {
        zip(CoverageCell.all, counts).filter { $1 == 0 && $0.isPossible }.map(\.0)
    }

    /// The number of possible cells.
    package static let possibleCount = CoverageCell.all.count(where: \.isPossible)

    /// A table for each check, with a row for an edit and a subject and a column for each border, and the empty cells.
    ///
    /// A blank is a cell that no pass can be in.
    package func text(width: Int? = nil) -> String {
        let width = width ?? OutputWidth.columns
        var text = ""
        for check in CoverageCell.Check.allCases { text += table(check, width: width) }
        text +=
            "\(CountText.of(Self.possibleCount - missing.count, "cell")) of \(CountText.grouped(Self.possibleCount)) "
        text += missing.isEmpty ? "were tested\n" : "were tested; not tested:\n"
        for cell in missing { text += "  \(cell.name)\n" }
        return text
    }

    private func table(_ check: CoverageCell.Check, width: Int) -> String {
        let cells = zip(CoverageCell.all, counts).filter { $0.0.check == check && ($0.0.isPossible || $0.1 > 0) }
        let found = Dictionary(uniqueKeysWithValues: cells)
        let borders = CoverageCell.Border.allCases.filter { border in cells.contains { $0.0.border == border } }
        let rows = CoverageCell.edits.flatMap { edit in CoverageCell.Subject.allCases.map { (edit, $0) } }
            .filter { row in cells.contains { $0.0.edit == row.0 && $0.0.subject == row.1 } }
        return PlainTable.text(rows, width: width) { edit, subject in
            [Column(title: check.rawValue, value: edit.rawValue + " " + subject.rawValue)]
                + borders.map { border in
                    let cell = CoverageCell(edit: edit, border: border, subject: subject, check: check)
                    return Column(
                        title: border.rawValue, value: found[cell].map { CountText.grouped($0) } ?? "", align: .right)
                }
        } + "\n"
    }
}

extension CoverageTable: Encodable {
    private enum CodingKeys: String, CodingKey {
        case coverage
        case neverSeen = "never_seen"
    }

    /// A cell with its count.
    private struct Row: Encodable {
        var edit: String
        var border: String
        var subject: String
        var check: String
        var count: UInt64
    }

    /// Writes `coverage`, an array of the possible cells, and `never_seen`, the names of those without a pass.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let rows = zip(CoverageCell.all, counts).filter { $0.0.isPossible || $0.1 > 0 }
        try container.encode(
            rows.map { cell, count in
                Row(
                    edit: cell.edit.rawValue, border: cell.border.rawValue, subject: cell.subject.rawValue,
                    check: cell.check.rawValue, count: count)
            }, forKey: .coverage)
        try container.encode(missing.map(\.name), forKey: .neverSeen)
    }
}
