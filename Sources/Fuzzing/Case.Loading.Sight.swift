import BPF

extension Case.Loading.Sight {
    /// What was seen, as a case file has it behind `seen:`.
    public var text: String {
        switch self {
        case .insn(let slot, let insn): "slot \(slot) \(Disassembler.text(of: insn))"
        case .subprogram(let row, let start): "subprogram \(row) " + (start.map { "at \($0)" } ?? "missing")
        case .refusal(let text): "refusal " + QuotedText.quoted(text)
        case .line(let row, let line): "line \(row) " + (line.map { "id \($0.id) at \($0.insnOff)" } ?? "missing")
        }
    }

    /// What the rules give where this was seen, in words, or `nil` where they say nothing.
    public func ruled(by expected: Case.Expectation?) -> String? {
        guard case .result(let insns, _, let subprograms, let lines) = expected else { return nil }
        switch self {
        case .insn(let slot, _):
            guard let insns, insns.indices.contains(slot) else { return nil }
            return Disassembler.text(of: insns[slot])
        case .subprogram(let row, _):
            guard let subprograms, subprograms.indices.contains(row) else { return "none" }
            return "at \(subprograms[row].start)"
        case .line(let row, _):
            guard let lines, lines.indices.contains(row) else { return "none" }
            return "id \(lines[row].id) at \(lines[row].insnOff)"
        case .refusal: return nil
        }
    }
}
