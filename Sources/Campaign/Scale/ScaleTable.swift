/// The rows of `scale` as a table.
package enum ScaleTable {
    /// A table with a group of lines for each number of patches; extrapolated numbers begin with `~`.
    package static func print(_ rows: [ScaleRow], limit: Double) -> String {
        let name = max(7, rows.map(\.patcher.count).max() ?? 0)
        var text = right("patches", 10) + "  " + left("patcher", name)
        text += right("time", 12) + right("ns a patch", 13) + right("to the copy", 14) + "\n"
        for (number, row) in rows.enumerated() {
            let isFirst = number == 0 || rows[number - 1].patches != row.patches
            if isFirst && number > 0 { text += "\n" }
            let mark = row.isExtrapolated ? "~" : ""
            text += right(isFirst ? CountText.grouped(row.patches) : "", 10) + "  " + left(row.patcher, name)
            text += right(mark + duration(row.seconds), 12) + right(mark + number3(row.timeAPatch), 13)
            text += right(mark + number3(row.ratioToCopy) + "x", 14) + "\n"
        }
        if rows.contains(where: \.isExtrapolated) {
            text += OutputWidth.wrap(
                "\n~ extrapolated from fewer patches: a run would exceed the limit of \(duration(limit))\n")
        }
        return text
    }

    /// Seconds in µs, ms or s, with three digits.
    static func duration(_ seconds: Double) -> String {
        if seconds < 1e-3 { return number3(seconds * 1e6) + " µs" }
        return seconds < 1 ? number3(seconds * 1e3) + " ms" : number3(seconds) + " s"
    }

    /// A number with three significant digits, or all digits of a larger whole number.
    static func number3(_ number: Double) -> String {
        if number >= 99.95 { return CountText.grouped(Int(number.rounded())) }
        let digits = number >= 9.995 ? 1 : 2
        let scale = digits == 1 ? 10 : 100
        let whole = Int((number * Double(scale)).rounded())
        let rest = String(whole % scale)
        return "\(whole / scale).\(String(repeating: "0", count: digits - rest.count))\(rest)"
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
