import KernelRewrites

/// The rewrites that happened, by border and by the jumps at it, as text.
struct KernelCoverageTable {
    /// The names of a rewrite or a kind of jump, and of a border.
    private struct Key: Hashable {
        var row: String
        var border: String
    }

    private var byRewrite: [Key: UInt64] = [:]
    private var byJump: [Key: UInt64] = [:]

    init(_ coverage: [KernelReport.Coverage]) {
        for cell in coverage {
            byRewrite[Key(row: cell.rewrite, border: cell.border), default: 0] += cell.count
            byJump[Key(row: cell.jump, border: cell.border), default: 0] += cell.count
        }
    }

    /// Two tables: rewrites by border, and kinds of jump by border.
    func text(width: Int = OutputWidth.columns) -> String {
        if byRewrite.isEmpty { return "" }
        let rewrites = Rewrite.allCases.map(\.rawValue).filter { name in byRewrite.keys.contains { $0.row == name } }
        let jumps = JumpCourse.allCases.map(\.rawValue).filter { name in
            name != JumpCourse.none.rawValue && byJump.keys.contains { $0.row == name }
        }
        let jumpBorders = Self.borders.filter { border in
            jumps.contains { byJump[Key(row: $0, border: border)] != nil }
        }
        return Self.table("rewrite", rewrites, [Self.all] + Self.borders, byRewrite, width) + "\n"
            + (jumps.isEmpty ? "" : Self.table("jump", jumps, jumpBorders, byJump, width))
    }

    /// The border at which each rewrite is counted once, independent of its neighbours.
    private static let all = RewriteBorder.none.rawValue
    private static let borders = RewriteBorder.allCases.filter { $0 != .none }.map(\.rawValue)

    /// A table with a row for each name and a column for each border; 0 is left blank.
    private static func table(
        _ title: String, _ rows: [String], _ borders: [String], _ counts: [Key: UInt64], _ width: Int
    ) -> String {
        PlainTable.text(rows, width: width) { row in
            [Column(title: title, value: row)]
                + borders.map { border in
                    let count = counts[Key(row: row, border: border)]
                    return Column(
                        title: border == all ? "all" : border, value: count.map { CountText.grouped($0) } ?? "",
                        align: .right
                    )
                }
        }
    }
}
