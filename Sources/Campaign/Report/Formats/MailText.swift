import Foundation

/// A report as plain text, for a person to send to a mailing list: what, where, since when, how to repeat.
///
/// Prose has at most 72 columns. Commands and cases are verbatim, since a line break would change them.
enum MailText {
    /// - Units: columns
    static let width = 72

    /// The most findings that are described in full.
    static let most = 10

    static func text(_ report: TestReport) -> String {
        let new = report.causes.filter { cause in ([cause.first] + cause.others).contains { !$0.isKnown } }
        var text = subject(report, new) + "\n\n"
        text += wrap("\(TestReport.program), command '\(report.command)', \(report.began.ISO8601Format()).")
        text += wrap(report.summary + ".")
        for failure in report.failures { text += wrap("Not tested: \(failure).") }
        let facts = report.facts.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        if !facts.isEmpty { text += wrap("Run: \(facts).") }
        if let command = report.repeating { text += "\nTo repeat the whole run:\n\n    \(command)\n" }
        let known = report.faults.count(where: \.isKnown)
        if known > 0 { text += "\n" + wrap("\(CountText.of(known, "known bucket")) not described here.") }
        for (number, cause) in new.prefix(most).enumerated() {
            text += section(cause.first, cause.others.count, number + 1, of: new.count)
        }
        if new.count > most {
            text += "\n" + wrap("And \(CountText.of(new.count - most, "more finding")):") + "\n"
            for cause in new.dropFirst(most) { text += "  \(cause.first.name)\n" }
        }
        return text
    }

    private static func subject(_ report: TestReport, _ new: [(first: TestFault, others: [TestFault])]) -> String {
        guard let first = new.first?.first else {
            return report.failures.isEmpty
                ? "Subject: bpf-patch-fuzz \(report.command): no new findings"
                : "Subject: bpf-patch-fuzz \(report.command): not tested"
        }
        let target = first.target.isEmpty ? "case file" : first.target
        let words = "Subject: \(target): \(first.sentence)" + (new.count > 1 ? " (and \(new.count - 1) more)" : "")
        // A long header continues on lines that begin with a blank.
        return StyledText.wrap(words, to: width).joined(separator: "\n ")
    }

    private static func section(_ fault: TestFault, _ others: Int, _ number: Int, of count: Int) -> String {
        var text = "\n" + String(repeating: "-", count: width) + "\n\n"
        text += wrap("Finding \(number) of \(count): \(fault.target): \(fault.sentence).") + "\n"
        text += entry("What", fault.detail ?? fault.sentence)
        text += entry("Bucket", fault.name)
        if others > 0 { text += entry("", "and \(CountText.of(others, "more bucket")), probably of the same cause") }
        if let place = fault.bucket.flatMap(KernelFunction.place(ofBucket:)) {
            text += entry("Where", "\(place.function) in \(place.file) makes this kind of edit")
        } else {
            text += entry("Where", fault.target)
        }
        if let since = fault.since { text += entry("Since", since) }
        if let command = fault.repeating {
            text += "\nTo repeat it, save the case below" + saved(fault) + command + "\n"
        }
        if let listing = fault.listing {
            text +=
                "\n"
                + listing.split(separator: "\n", omittingEmptySubsequences: false).dropLast(
                    listing.hasSuffix("\n") ? 1 : 0
                ).map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined()
        }
        return text
    }

    private static func saved(_ fault: TestFault) -> String {
        (fault.file.map { " as\n\n    \($0)\n\nand run\n\n    " } ?? " and run\n\n    ")
    }

    /// A name and a text; further lines are indented.
    private static func entry(_ name: String, _ text: String) -> String {
        let lines = StyledText.wrap(plain(text), to: width - 8)
        return lines.enumerated().map { number, line in
            let head = number == 0 && !name.isEmpty ? name + ":" : ""
            return head + String(repeating: " ", count: 8 - head.count) + line + "\n"
        }.joined()
    }

    /// A text in one line, without control characters.
    private static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\n" ? " " : $0.value < 32 ? "?" : $0 }))
    }

    private static func wrap(_ text: String) -> String {
        StyledText.wrap(plain(text), to: width).map { $0 + "\n" }.joined()
    }
}
