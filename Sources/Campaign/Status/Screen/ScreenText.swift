/// The lines of the screen of a campaign on a terminal.
struct ScreenText {
    /// The lowest terminal on which the screen is drawn; smaller ones have the status line.
    static let fewestRows = 12
    static let fewestColumns = 40
    /// The largest screen. A larger one could not be written at once, and would be torn.
    static let mostRows = 24
    static let mostColumns = 100

    let progress: ProgressText
    let snapshot: CampaignSnapshot
    let columns: Int
    let rows: Int

    /// - Parameters:
    ///   - columns: the width of the terminal
    ///   - rows: the height of the terminal
    init(_ progress: ProgressText, _ snapshot: CampaignSnapshot, columns: Int, rows: Int) {
        self.progress = progress
        self.snapshot = snapshot
        self.columns = min(columns, Self.mostColumns)
        self.rows = min(rows, Self.mostRows)
    }

    /// Returns true if the screen fits a terminal.
    static func fits(columns: Int, rows: Int) -> Bool { columns >= fewestColumns && rows >= fewestRows }

    /// The lines: fewer than the rows of the terminal, each shorter than its columns.
    ///
    /// - Complexity: O(lines), and O(targets log targets)
    var lines: [String] {
        let head = head
        // The last row is for the cursor.
        let room = rows - 1 - head.count
        let targets = targetLines(room: max(room * 3 / 5, 3))
        let findings = findingLines(room: room - targets.count)
        return (head + findings + targets).map { ProgressText.cut($0, to: columns) }
    }

    /// The room for a value that another one follows.
    private static let cell = 16
    private static let title = 10
    /// The room for a counter of a target.
    private static let counter = 13

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }

    private static func rightAligned(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }

    private static func row(_ title: String, _ cells: [String]) -> String {
        padded(title, Self.title) + cells.dropLast().map { padded($0, cell) + " " }.joined() + (cells.last ?? "")
    }

    private static func perSecond(_ rate: Double) -> String { "\(CountText.grouped(UInt64(max(rate, 0))))/s" }

    /// A share in percent with one digit.
    static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10)%"
    }

    private var head: [String] {
        var time = [ProgressText.clock(progress.seconds)]
        if let share = progress.share { time.append("\(Int(share * 100))%") }
        if let rest = progress.rest { time.append("\(ProgressText.clock(rest)) left") }
        let name = "bpf-patch-fuzz \(snapshot.command)  seed \(snapshot.seed)"
        let clock = time.joined(separator: "  ")
        var lines = [name + Self.rightAligned(clock, max(columns - 1 - name.count, clock.count + 2))]
        let average = progress.seconds > 0 ? Double(progress.cases) / progress.seconds : 0
        lines.append(
            Self.row(
                "cases",
                [
                    CountText.grouped(progress.cases), "now \(Self.perSecond(progress.rate))",
                    "average \(Self.perSecond(average))",
                ]))
        if let refused = snapshot.refused, refused.all > 0 {
            let share = Self.percent(Double(refused.part) / Double(refused.all))
            lines.append(Self.row("refused", [share, "of \(CountText.of(refused.all, refused.noun))"]))
        }
        if let coverage = snapshot.coverage { lines.append(Self.row("coverage", [coverage])) }
        lines.append(
            Self.row(
                "workers",
                [
                    "\(snapshot.running) of \(snapshot.jobs) run", CountText.of(snapshot.restarts, "restart"),
                    "memory \(CountText.grouped(snapshot.memory >> 20)) MiB",
                ]))
        if let activity = progress.activity { lines.append(Self.row("now", [activity])) }
        if let place = progress.place { lines.append(Self.row("state", [place])) }
        return lines
    }

    /// The buckets, the newest first.
    private func findingLines(room: Int) -> [String] {
        let known = snapshot.buckets.count(where: \.isKnown)
        var words = [CountText.of(snapshot.buckets.count, "bucket")]
        if known > 0 { words.append("\(CountText.grouped(known)) known") }
        if snapshot.backlog > 0 { words.append("\(CountText.grouped(snapshot.backlog)) not minimized") }
        if let since = progress.sinceBucket { words.append("the newest \(ProgressText.clock(since)) old") }
        var lines = [Self.row("findings", [words.joined(separator: ", ")])]
        if snapshot.buckets.isEmpty || room < 3 { return lines }
        lines.append("       age      hits  bucket")
        let count = snapshot.buckets.count <= room - 2 ? snapshot.buckets.count : room - 3
        for bucket in snapshot.buckets.prefix(count) {
            let age = bucket.seen.map { ProgressText.clock(progress.seconds - $0) } ?? "earlier"
            lines.append(
                Self.rightAligned(age, 10) + Self.rightAligned(CountText.grouped(bucket.hits), 10) + "  "
                    + bucket.name + (bucket.isKnown ? " (known)" : ""))
        }
        if count < snapshot.buckets.count {
            lines.append("  and \(CountText.of(snapshot.buckets.count - count, "more bucket"))")
        }
        return lines
    }

    /// The targets, the most expensive first.
    private func targetLines(room: Int) -> [String] {
        var rows = snapshot.targets.enumerated().map { number, target in
            (
                cost: snapshot.costs.indices.contains(number) ? snapshot.costs[number] : nil, name: target.name,
                counts: [target.ran, target.deaths, target.skipped].map { CountText.grouped($0) }
            )
        }
        if let rest = snapshot.costs.last {
            rows.append((rest, "generator, oracle", []))
        }
        rows.sort { ($0.cost ?? 0, $1.name) > ($1.cost ?? 0, $0.name) }
        // A narrow terminal shows fewer counters.
        let shown = min(max((columns - 31) / Self.counter, 1), 3)
        let width = min(max(rows.map(\.name.count).max() ?? 0, 18), columns - 11 - shown * Self.counter)
        func line(_ name: String, _ cells: [String]) -> String {
            let cut = name.count > width ? name.prefix(width - 1) + "…" : name
            return "  " + Self.padded(cut, width) + Self.rightAligned(cells[0], 8)
                + cells.dropFirst().prefix(shown).map { Self.rightAligned($0, Self.counter) }.joined()
        }
        var lines = [line("target", ["time", "cases", "deaths", "skipped"])]
        let count = rows.count <= room - 1 ? rows.count : room - 2
        for row in rows.prefix(max(count, 1)) {
            lines.append(line(row.name, [row.cost.map(Self.percent) ?? "-"] + row.counts))
        }
        if count < rows.count { lines.append("  and \(CountText.of(rows.count - max(count, 1), "more target"))") }
        return lines
    }
}
