import Foundation

/// A report as one page: no scripts, no network, readable by keyboard, on a phone and on paper.
enum HTMLText {
    static func text(_ report: TestReport) -> String {
        let title = "bpf-patch-fuzz \(report.command)"
        var parts = [head(report, title)]
        if let chart = HTMLChart(report.history) { parts.append("<h2 id=\"time\">Over time</h2>\n\(chart.svg)\n") }
        if let campaign = report.campaign {
            parts.append(HTMLTables.targets(report, campaign))
            if let kernel = campaign.results?.kernel { parts.append(HTMLTables.kernel(kernel)) }
        }
        parts.append(findings(report))
        if report.campaign == nil { parts.append(tests(report)) }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>\(MarkupText.escaped(title))</title>
            <style>
            \(HTMLStyle.text)
            </style>
            </head>
            <body>
            \(parts.joined())</body>
            </html>

            """
    }

    private static func head(_ report: TestReport, _ title: String) -> String {
        let new = report.faults.count { !$0.isKnown }
        var numbers: [(String, String)] = [
            ("new buckets", CountText.grouped(new)), ("known buckets", CountText.grouped(report.faults.count - new)),
        ]
        numbers += report.facts.map { fact in
            (fact.name.replacing("_", with: " "), Int(fact.value).map { CountText.grouped($0) } ?? fact.value)
        }
        let items = numbers.map { name, value in
            "<li><b>\(MarkupText.escaped(name == "seed" ? value.replacing(",", with: "") : value))</b>"
                + "\(MarkupText.escaped(name))</li>\n"
        }
        var text = "<header>\n<h1>\(MarkupText.escaped(title))</h1>\n<p>\(MarkupText.escaped(report.summary)).</p>\n"
        text +=
            "<p class=\"faint\">\(MarkupText.escaped(TestReport.program)), begun \(report.began.ISO8601Format())</p>\n"
        if let remark = report.remark { text += "<p class=\"alert\">\(MarkupText.escaped(remark))</p>\n" }
        for failure in report.failures { text += "<p class=\"alert\">\(MarkupText.escaped(failure))</p>\n" }
        text += "<ul class=\"numbers\">\n\(items.joined())</ul>\n"
        if let command = report.repeating { text += "<p>Repeat with:</p>\n\(code(command))" }
        return text + "</header>\n"
    }

    /// The findings, new ones first; those of one cause are together.
    private static func findings(_ report: TestReport) -> String {
        if report.faults.isEmpty { return "<h2 id=\"findings\">Findings</h2>\n<p>None.</p>\n" }
        var text = "<h2 id=\"findings\">Findings</h2>\n"
        for (first, others) in report.causes {
            let more = others.map { finding($0, isOpen: false) }.joined()
            text += finding(
                first, isOpen: ([first] + others).contains { !$0.isKnown },
                more: others.isEmpty
                    ? ""
                    : "<details><summary>\(CountText.of(others.count, "more bucket")) of the same cause</summary>"
                        + "<div>\(more)</div></details>\n")
        }
        return text
    }

    private static func finding(_ fault: TestFault, isOpen: Bool, more: String = "") -> String {
        var text =
            "<details class=\"\(fault.isKnown ? "known" : "new")\"\(isOpen ? " open=\"\"" : "")>"
            + "<summary><h3>\(MarkupText.escaped((fault.target.isEmpty ? "" : fault.target + ": ") + fault.sentence))</h3>"
            + (fault.isKnown ? " <span class=\"badge\">known</span>" : "") + "</summary>\n<div>\n"
        text += "<p><code>\(MarkupText.escaped(fault.name))</code></p>\n"
        if let detail = fault.detail { text += "<p>\(MarkupText.escaped(detail))</p>\n" }
        if let since = fault.since { text += "<p class=\"faint\">First at \(MarkupText.escaped(since))</p>\n" }
        if let place = fault.bucket.flatMap(KernelFunction.place(ofBucket:)) {
            text += "<p class=\"faint\"><code>\(place.function)</code> in <code>\(place.file)</code></p>\n"
        }
        if let picture = fault.picture {
            text += "<pre tabindex=\"0\" aria-label=\"the case, drawn\">\(picture)</pre>\n"
        }
        if let command = fault.repeating { text += "<p>Repeat with:</p>\n\(code(command))" }
        if let listing = fault.listing {
            text +=
                fault.picture == nil
                ? code(listing)
                : "<details><summary>The case as a file</summary><div>\(code(listing))</div></details>\n"
        }
        return text + more + "</div></details>\n"
    }

    /// The results without findings, of commands that are no campaign.
    private static func tests(_ report: TestReport) -> String {
        let others = report.results.filter { $0.faults.isEmpty }
        if others.isEmpty { return "" }
        let words = others.map { result in
            let state =
                result.error.map { "not readable: \($0)" } ?? result.skipped.map { "not run: \($0)" } ?? "passed"
            return "<tr><td>\(MarkupText.escaped(result.name))</td><td>\(MarkupText.escaped(state))</td></tr>\n"
        }
        return
            "<h2 id=\"others\">Without findings</h2>\n<details><summary>\(CountText.of(others.count, "test"))</summary>"
            + "<div class=\"wide\" tabindex=\"0\"><table>\n\(words.joined())</table></div></details>\n"
    }

    private static func code(_ text: String) -> String {
        "<pre tabindex=\"0\"><code>\(MarkupText.escaped(text))</code></pre>\n"
    }
}
