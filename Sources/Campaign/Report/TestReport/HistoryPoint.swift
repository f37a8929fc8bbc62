import Foundation

/// The progress of a campaign at one time.
package struct HistoryPoint: Sendable, Hashable {
    /// The run time over all sessions.
    ///
    /// - Units: seconds
    package var seconds: Double
    package var cases: UInt64
    /// The number of buckets.
    package var buckets: Int

    package init(seconds: Double, cases: UInt64, buckets: Int) {
        self.seconds = seconds
        self.cases = cases
        self.buckets = buckets
    }

    /// Reads the history in a state folder; empty if there is none.
    static func read(_ state: String) -> [HistoryPoint] {
        guard let data = FileManager.default.contents(atPath: state + "/plot_data") else { return [] }
        return parse(String(decoding: data, as: UTF8.self))
    }

    /// Reads the rows of `plot_data`. Incomplete rows are skipped.
    static func parse(_ text: String) -> [HistoryPoint] {
        text.split(separator: "\n").compactMap { row in
            if row.hasPrefix("#") { return nil }
            let cells = row.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 13, let seconds = Double(cells[0]), let crashes = Int(cells[7]),
                let hangs = Int(cells[8]), let cases = UInt64(cells[11])
            else { return nil }
            return HistoryPoint(seconds: seconds, cases: cases, buckets: crashes + hangs)
        }
    }
}
