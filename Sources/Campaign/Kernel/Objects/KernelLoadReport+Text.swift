extension KernelLoadReport {
    /// What there is, in half a line.
    var summary: String {
        let loaded = loads.reduce(0) { $0 + $1.loaded }
        return "\(CountText.of(programs, "program")), \(CountText.of(loaded, "load")), "
            + "\(CountText.grouped(notUnderstood.count)) not understood, \(CountText.of(findings.count, "finding"))"
    }

    /// A line for each object and program that is not loaded, except for what was named and is not there, each place that is not understood and each finding with
    /// what stands there, and a table.
    public var text: String {
        var text = ""
        for refusal in refused {
            let line = Self.place(refusal.object, refusal.program) + ": \(refusal.reason)"
            if !unusable.contains(line) { text += line + "\n" }
        }
        for trouble in notUnderstood {
            text += "\(Self.place(trouble)): not understood: \(trouble.detail)\n\(trouble.listing)"
        }
        for trouble in findings {
            let sentence = trouble.sentence.map { $0 + "\n" } ?? ""
            text += "\(trouble.bucket ?? ""): \(Self.place(trouble)): \(sentence)\(trouble.detail)\n\(trouble.listing)"
        }
        if !text.isEmpty { text += "\n" }
        let programs = refused.count { $0.program != nil }
        text += OutputWidth.wrap(
            "kernel \(kernel): \(CountText.of(objects, "object")), \(summary), "
                + "\(CountText.of(programs, "program")) not loadable, in \(Int(seconds.rounded())) s\n")
        return text + "\n"
            + PlainTable.text(loads) { row in
                [
                    Column(title: "loaded", value: row.way), Self.number("programs", row.loaded),
                    Self.number("checked", row.checked), Self.number("without log", row.withoutLog),
                    Self.number("without records", row.withoutRecords),
                    Self.number("patches", row.patches), Self.number("deletions", row.deletions),
                    Self.number("slots in", row.slotsIn), Self.number("slots out", row.slotsOut),
                ]
            }
    }

    private static func number(_ title: String, _ value: Int) -> Column {
        Column(title: title, value: CountText.grouped(value), align: .right)
    }

    static func place(_ object: String, _ program: String?) -> String {
        program.map { "\(object): program '\($0)'" } ?? object
    }

    private static func place(_ trouble: Trouble) -> String {
        place(trouble.object, trouble.program) + " (\(trouble.way))"
    }
}
