import BPF
import Patching

extension CaseFile {
    /// Writes a file: a header, and sections of assembler text.
    typealias Writer = AssemblyWriter
}

extension CaseFile.Writer {
    mutating func write(_ c: Case) {
        if !c.name.isEmpty { add("name: " + QuotedText.write(c.name)) }
        if let target = c.target { add("target: " + QuotedText.write(target)) }
        if let bucket = c.bucket { add("bucket: " + QuotedText.write(bucket)) }
        if let sentence = c.sentence { add("sentence: " + QuotedText.write(sentence)) }
        if let detail = c.detail { add("detail: " + QuotedText.write(detail)) }
        if let origin = c.origin { add("seed: \(origin.seed)\nindex: \(origin.index)") }
        if let program = c.foundBy { add("found_by: " + QuotedText.write(program)) }
        if !c.conditions.text.isEmpty { add("conditions: " + c.conditions.text) }
        if let loading = c.loading { write(loading) }
        for line in c.report?.split(separator: "\n", omittingEmptySubsequences: false) ?? [] {
            add("report: " + QuotedText.write(String(line)))
        }
        if let comment = c.comment {
            add("")
            for line in comment.split(separator: "\n", omittingEmptySubsequences: false) {
                add(line.isEmpty ? "#" : "# " + line)
            }
        }
        add("\nprogram")
        var labels = Self.ProgramLabels(
            c.program.insns, subprograms: c.program.subprograms, lines: c.program.lines)
        for edit in c.passes.first?.edits ?? [] {
            let isAppend = edit.remove == 0 && edit.off.position == c.program.insns.count
            if !isAppend { labels.add(edit.off.position) }
            for ref in edit.refs { labels.add(ref.to.position) }
        }
        write(
            c.program.insns, aux: c.program.aux, subprograms: c.program.subprograms, lines: c.program.lines, labels)
        var length = c.program.insns.count
        for (number, pass) in c.passes.enumerated() {
            add("\npass")
            let names = CaseFile.PassNames(length: length, labels: number == 0 ? labels : nil)
            for edit in pass.edits { write(edit.withPlaceholdersCleared(), names) }
            length = CaseFile.length(after: pass, of: length)
        }
        if let expected = c.expected { write(expected) }
        if let given = c.loading?.given {
            add("\ngives")
            let labels = Self.ProgramLabels(given.insns, subprograms: given.subprograms, lines: given.lines)
            write(given.insns, aux: nil, subprograms: given.subprograms, lines: given.lines, labels)
        }
    }

    private mutating func write(_ expected: Case.Expectation) {
        switch expected {
        case .error(let status): add("\nexpect \(status.errorName ?? "nothing")")
        case .result(let insns, let aux, let subprograms, let lines):
            let parts = [
                insns.map { _ in "insns" }, aux.map { _ in "aux" }, subprograms.map { _ in "subprograms" },
                lines.map { _ in "lines" },
            ].compactMap { $0 }
            switch parts.count {
            case 4: add("\nexpect")
            case 0: add("\nexpect nothing")
            default: add("\nexpect " + parts.joined(separator: " "))
            }
            let labels = Self.ProgramLabels(insns ?? [], subprograms: subprograms ?? [], lines: lines ?? [])
            write(insns ?? [], aux: aux, subprograms: subprograms, lines: lines, labels)
        }
    }
}
