import TextTable

extension PatchStatistics {
    /// How wide the text is at most, but for names that are longer.
    ///
    /// - Units: columns
    private static let width = 100

    /// Tables of all workloads, then for each that has edits what these are like.
    public var text: String {
        var parts = ["\(count(objects, "object")), \(count(programs, "program")), \(count(slots, "slot"))\n"]
        parts.append(Self.summary(workloads))
        if workloads.contains(where: { $0.patches > 0 }) {
            parts.append("patches by length\n" + Self.lengths(workloads))
        }
        parts += workloads.filter { $0.patches + $0.deletions > 0 }.map(Self.details)
        return parts.joined(separator: "\n")
    }

    // MARK: Tables

    private static func summary(_ rows: [WorkloadStatistics]) -> String {
        PlainTable.text(rows) { row in
            [
                Column(title: "workload", value: row.name), number("patches", row.patches),
                number("deletions", row.deletions), number("programs", row.programsTouched),
                number("p50", row.perProgram.p50), number("p90", row.perProgram.p90),
                number("p99", row.perProgram.p99), number("max", row.perProgram.max),
                number("slots out", row.slotsOut), Column(title: "growth", value: growth(row), align: .right),
                number("too far", row.outOfRange),
            ]
        }
    }

    private static func lengths(_ rows: [WorkloadStatistics]) -> String {
        let lengths = Set(rows.flatMap { $0.lengths.map(\.length) }).sorted()
        return PlainTable.text(rows.filter { $0.patches > 0 }) { row in
            [Column(title: "workload", value: row.name)]
                + lengths.map { length in
                    let count = row.lengths.first { $0.length == length }?.count
                    return Column(
                        title: String(length), value: count.map { StatusLine.grouped(UInt64($0)) } ?? "", align: .right)
                }
        }
    }

    private static func number(_ title: String, _ value: Int) -> Column {
        Column(title: title, value: StatusLine.grouped(UInt64(value)), align: .right)
    }

    private static func growth(_ row: WorkloadStatistics) -> String {
        let perMille = row.slotsIn == 0 ? 0 : (abs(row.growth) * 1000 + row.slotsIn / 2) / row.slotsIn
        let sign = perMille == 0 ? "" : row.growth < 0 ? "-" : "+"
        return "\(sign)\(perMille / 10).\(perMille % 10) %"
    }

    // MARK: One workload

    private static func details(of row: WorkloadStatistics) -> String {
        var text = "\(row.name) (\(row.source))\n"
        text += histogram("patches by length", row.lengths.map { (String($0.length), $0.count) })
        text += histogram("deletions by length", row.deletedLengths.map { (String($0.length), $0.count) })
        text += histogram(
            "programs by edits",
            row.programs.map { ($0.from == $0.to ? "\($0.from)" : "\($0.from)-\($0.to)", $0.programs) })
        text += "  most edits\n"
        for program in row.mostPatched {
            text +=
                "    \(StatusLine.grouped(UInt64(program.edits))) in \(program.program), "
                + "\(StatusLine.grouped(UInt64(program.slotsIn))) slots, \(program.object)\n"
        }
        return text
    }

    /// A bar for each row, the longest as long as the width allows.
    private static func histogram(_ title: String, _ rows: [(label: String, count: Int)]) -> String {
        let most = rows.map(\.count).max() ?? 0
        if most == 0 { return "" }
        let counts = rows.map { StatusLine.grouped(UInt64($0.count)) }
        let labelWidth = rows.map(\.label.count).max() ?? 0
        let countWidth = counts.map(\.count).max() ?? 0
        let room = width - labelWidth - countWidth - 8
        var text = "  \(title)\n"
        for (row, count) in zip(rows, counts) {
            let label = String(repeating: " ", count: labelWidth - row.label.count) + row.label
            let number = String(repeating: " ", count: countWidth - count.count) + count
            let bar = bar(eighths: (row.count * room * 8 + most - 1) / most)
            text += "    \(label)  \(number)\(bar.isEmpty ? "" : "  " + bar)\n"
        }
        return text
    }

    /// A bar of so many eighths of a column.
    private static func bar(eighths: Int) -> String {
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }

    /// A number with a word, in the plural unless it is one.
    private func count(_ number: Int, _ word: String) -> String {
        "\(StatusLine.grouped(UInt64(number))) \(word)\(number == 1 ? "" : "s")"
    }
}
