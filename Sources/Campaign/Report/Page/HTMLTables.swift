import KernelRewrites

/// The tables of the page: targets, refused programs, and the coverage of a kernel's rewrites.
enum HTMLTables {
    /// A table in an area that scrolls by itself. Columns after the first are numbers.
    private static func table(_ name: String, _ heads: [String], _ rows: [[String]]) -> String {
        func cell(_ tag: String, _ text: String, _ place: Int) -> String {
            let style = place == 0 ? "" : text.isEmpty || text == "0" ? " class=\"n none\"" : " class=\"n\""
            return "<\(tag)\(style)>\(MarkupText.escaped(text))</\(tag)>"
        }
        func row(_ tag: String, _ cells: [String]) -> String {
            "<tr>" + cells.enumerated().map { cell(tag, $0.element, $0.offset) }.joined() + "</tr>\n"
        }
        return
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"\(MarkupText.attribute(name))\"><table>\n"
            + "<thead>\(row("th", heads))</thead>\n<tbody>\(rows.map { row("td", $0) }.joined())</tbody></table></div>\n"
    }

    /// A row for each target of a campaign.
    static func targets(_ report: TestReport, _ campaign: CampaignReport) -> String {
        let counts = campaign.results?.patchers
        let deaths = Dictionary((campaign.deaths ?? []).map { ($0.target, $0) }, uniquingKeysWith: { one, _ in one })
        let rows = report.results.map { result in
            let ran = counts.map { CountText.grouped($0.ran[result.name] ?? 0) } ?? CountText.grouped(campaign.cases)
            let dead = deaths[result.name]
            return [
                result.name, ran, CountText.grouped(counts?.skipped[result.name] ?? 0),
                CountText.grouped(dead?.crashes ?? 0), CountText.grouped(dead?.hangs ?? 0),
                CountText.grouped(dead?.memory ?? 0), CountText.grouped(dead?.leftOut ?? 0),
                CountText.grouped(result.faults.count { !$0.isKnown }),
                CountText.grouped(result.faults.count(where: \.isKnown)),
            ]
        }
        return "<h2 id=\"targets\">Targets</h2>\n"
            + table(
                "Targets",
                [
                    "target", "cases", "not supported", "crashes", "hangs", "out of memory", "left out", "new buckets",
                    "known buckets",
                ], rows)
    }

    /// The tables of a kernel: rewrites by border, and refusals.
    static func kernel(_ kernel: KernelReport) -> String {
        var text =
            "<h2 id=\"coverage\">Coverage: rewrites of kernel \(MarkupText.escaped(kernel.release)) by border</h2>\n"
        var counts: [String: [String: UInt64]] = [:]
        for cell in kernel.coverage { counts[cell.rewrite, default: [:]][cell.border, default: 0] += cell.count }
        let borders = RewriteBorder.allCases.map(\.rawValue)
        let rows = Rewrite.allCases.map(\.rawValue).filter { counts[$0] != nil }.map { rewrite in
            [rewrite] + borders.map { counts[rewrite]?[$0].map { CountText.grouped($0) } ?? "" }
        }
        let none = RewriteBorder.none.rawValue
        text += table("Coverage", ["rewrite"] + borders.map { $0 == none ? "all" : $0 }, rows)
        if let never = kernel.neverSeen, !never.isEmpty {
            text += "<p>Never seen: \(MarkupText.escaped(never.joined(separator: ", "))).</p>\n"
        }
        text +=
            "<p>\(CountText.grouped(kernel.loads)) loads, \(CountText.grouped(kernel.accepted)) accepted, "
            + "\(CountText.of(kernel.notUnderstood, "place")) not understood.</p>\n"
        if !kernel.refused.isEmpty {
            text += "<h2 id=\"refused\">Refused programs</h2>\n"
            text += table(
                "Refused programs", ["reason", "programs"],
                kernel.refused.map { [$0.reason, CountText.grouped($0.count)] })
        }
        return text
    }
}
