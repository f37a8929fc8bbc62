import Fuzzing

extension FindingGroup {
    /// The maximum width of a line. A command may exceed it where a line break would prevent pasting it.
    ///
    /// - Units: columns
    private static let width = 80

    /// The text of the group: the fault, the number of hits, and the command that shows the smallest case.
    ///
    /// - Shape: whole lines; those after the first are indented
    package var text: String {
        let head = StyledText.wrap("\(target): \(sentence)", to: Self.width - 2)
        var lines = head.enumerated().map { ($0.offset == 0 ? "" : "  ") + $0.element }
        let others = buckets.count - 1
        let times =
            hits == 0
            ? "hit only while another was minimized" : hits == 1 ? "seen once" : "seen \(CountText.grouped(hits)) times"
        lines.append("  " + bucket)
        let counts =
            "  " + (others == 0 ? "" : "and \(CountText.of(others, "more bucket")); ") + times
            + "; the smallest case: \(size)"
        lines.append(OutputWidth.wrap(counts, to: Self.width))
        lines.append("  " + Self.fitting(show))
        return lines.map { $0 + "\n" }.joined()
    }

    /// A command in one line, or in several with backslashes. An option stays on one line with its value.
    private static func fitting(_ words: [String]) -> String {
        if words.count < 3 { return words.joined(separator: " ") }
        var lines = [words[...1].joined(separator: " ")]
        var rest = words[2...]
        while let word = rest.popFirst() {
            let isOption = word.hasPrefix("--") && !word.contains("=")
            let part = isOption ? word + (rest.popFirst().map { " " + $0 } ?? "") : word
            let margin = lines.count == 1 ? 2 : 4
            // Two columns are for the backslash.
            let isLast = rest.isEmpty
            if lines[lines.count - 1].count + 1 + part.count + margin + (isLast ? 0 : 2) <= width {
                lines[lines.count - 1] += " " + part
            } else {
                lines.append(part)
            }
        }
        return lines.joined(separator: " \\\n    ")
    }
}

extension CampaignReport {
    /// The text of the groups with a new bucket.
    ///
    /// - Parameter all: true to add known groups, and a line for each bucket
    package func groupText(all: Bool, line: (StoredFinding) -> String) -> String {
        let found = Dictionary(findings.map { ($0.bucket, $0) }, uniquingKeysWith: { one, _ in one })
        var text = ""
        for group in groups where all || group.isKnown != true {
            text += group.text
            if !all { continue }
            for finding in group.buckets.compactMap({ found[$0] }) {
                text += OutputWidth.fit("    " + line(finding)) + "\n"
            }
        }
        return text
    }

    /// The number of findings, in words.
    package var countText: String {
        let known = groups.filter { $0.isKnown == true }
        let buckets = groups.reduce(0) { $0 + $1.buckets.count }
        var words = CountText.of(groups.count, "finding")
        if buckets > groups.count { words += " in \(CountText.of(buckets, "bucket"))" }
        if !known.isEmpty { words += ", \(CountText.grouped(known.count)) of them known" }
        return words
    }
}
