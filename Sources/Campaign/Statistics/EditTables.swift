/// Tables and histograms of edit statistics, with a row for each workload or rewrite.
struct EditTables {
    /// The title of the first column.
    var title: String
    var rows: [EditStatistics]
    /// True for a column with the programs whose jumps are out of range.
    var hasOutOfRange = true

    /// The maximum width; longer names exceed it.
    ///
    /// - Units: columns
    var width = OutputWidth.columns

    /// The number of rows with details.
    var detailed = Int.max

    /// The summary, the lengths, then the details of each row with edits.
    var text: [String] {
        var parts = [summary]
        if rows.contains(where: { $0.patches > 0 }) { parts.append("patches by length\n" + lengths) }
        return parts + rows.prefix(detailed).filter { $0.patches + $0.deletions > 0 }.map(details)
    }

    // MARK: Tables

    private var summary: String {
        PlainTable.text(rows, width: width) { row in
            [
                Column(title: title, value: row.name), Self.number("patches", row.patches),
                Self.number("deletions", row.deletions), Self.number("programs", row.programsTouched),
                Self.number("p50", row.perProgram.p50), Self.number("p90", row.perProgram.p90),
                Self.number("p99", row.perProgram.p99), Self.number("max", row.perProgram.max),
                Self.number("slots out", row.slotsOut),
                Column(title: "growth", value: Self.growth(row), align: .right),
            ] + (hasOutOfRange ? [Self.number("too far", row.outOfRange)] : [])
        }
    }

    private var lengths: String {
        let lengths = Set(rows.flatMap { $0.lengths.map(\.length) }).sorted()
        return PlainTable.text(rows.filter { $0.patches > 0 }, width: width) { row in
            [Column(title: title, value: row.name)]
                + lengths.map { length in
                    let count = row.lengths.first { $0.length == length }?.count
                    return Column(
                        title: String(length), value: count.map { CountText.grouped($0) } ?? "", align: .right)
                }
        }
    }

    private static func number(_ title: String, _ value: Int) -> Column {
        Column(title: title, value: CountText.grouped(value), align: .right)
    }

    private static func growth(_ row: EditStatistics) -> String {
        let perMille = row.slotsIn == 0 ? 0 : (abs(row.growth) * 1000 + row.slotsIn / 2) / row.slotsIn
        let sign = perMille == 0 ? "" : row.growth < 0 ? "-" : "+"
        return "\(sign)\(perMille / 10).\(perMille % 10) %"
    }

    // MARK: One row

    private func details(of row: EditStatistics) -> String {
        var text = "\(row.name) (\(row.source))\n"
        text += histogram("patches by length", "length ", row.lengths.map { (String($0.length), $0.count) })
        text += histogram(
            "deletions by length", "length ", row.deletedLengths.map { (String($0.length), $0.count) })
        text += histogram(
            "programs by edits", "",
            row.programs.map { ($0.from == $0.to ? "\($0.from)" : "\($0.from)-\($0.to)", $0.programs) })
        text += "  most edits\n"
        for program in row.mostPatched {
            let words =
                "    \(CountText.grouped(program.edits)) in \(program.program), "
                + "\(CountText.grouped(program.slotsIn)) slots,"
            // A path that does not fit gets its own line, so that it can be copied whole.
            let isLong = words.count + 1 + program.object.count > width
            text += words + (isLong ? "\n      " : " ") + program.object + "\n"
        }
        return text
    }

    /// A bar for each row, scaled to the width; words replace a single bar.
    private func histogram(_ title: String, _ unit: String, _ rows: [(label: String, count: Int)]) -> String {
        let bars = rows.filter { $0.count > 0 }
        if bars.isEmpty { return "" }
        if bars.count == 1 {
            let count = CountText.grouped(bars[0].count)
            let isOne = bars[0].count == 1
            let words = isOne ? "the only one has" : "all \(count) have"
            return "  \(title): \(words) \(unit)\(bars[0].label)\n"
        }
        let most = rows.map(\.count).max() ?? 0
        let counts = rows.map { CountText.grouped($0.count) }
        let labelWidth = rows.map(\.label.count).max() ?? 0
        let countWidth = counts.map(\.count).max() ?? 0
        let room = max(1, width - labelWidth - countWidth - 8)
        var text = "  \(title)\n"
        for (row, count) in zip(rows, counts) {
            let label = String(repeating: " ", count: labelWidth - row.label.count) + row.label
            let number = String(repeating: " ", count: countWidth - count.count) + count
            let bar = Self.bar(eighths: (row.count * room * 8 + most - 1) / most)
            text += "    \(label)  \(number)\(bar.isEmpty ? "" : "  " + bar)\n"
        }
        return text
    }

    /// A bar of a width in eighths of a column.
    private static func bar(eighths: Int) -> String {
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }
}
