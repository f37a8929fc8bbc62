/// What the verifier wrote about one program.
struct VerifierLog {
    /// The lines, without their ends.
    var lines: [Substring]

    init(_ text: String) { lines = text.split(separator: "\n") }

    /// The last line that says what is wrong; `nil` when none does.
    ///
    /// Behind it stand only counts of work done; before it, instructions and states on the way there. Where the verifier says
    /// that it went wrong itself, nothing else counts.
    var complaint: String? {
        let line = lines.first(where: LoadRefusal.namesVerifierBug) ?? lines.last { !Self.isPassing($0) }
        return line.map(String.init)
    }

    private static let passing = [
        "processed ", "verification time ", "stack depth ", "max_states_per_insn ", "; ", "mark_precise: ", "from ",
        "func#",
        "caller:", "callee:", "returning from callee:", "to caller at ", "frame", "last_idx ", "regs=", "parent ",
        "Validating ", "cur state:", "old state:", "Live regs before insn:", "arg#0 ", "live ",
    ]

    /// Whether a line tells of the way and not of a fault.
    private static func isPassing(_ line: Substring) -> Bool {
        let line = line.drop(while: \.isWhitespace)
        if line.isEmpty { return true }
        if passing.contains(where: { line.hasPrefix($0) }) { return true }
        return traced(line) != nil
    }

    /// The number that starts a line of the trace, as in `12: (b7) r0 = 1` or `12: R0=1`, and whether an instruction follows.
    private static func traced(_ line: Substring) -> (slot: Int, isVisit: Bool)? {
        let digits = line.prefix { ("0"..."9").contains($0) }
        let rest = line.dropFirst(digits.count)
        guard let slot = Int(digits), rest.hasPrefix(": ") else { return nil }
        return (slot, rest.hasPrefix(": ("))
    }

    /// For each slot, whether the verifier saw it on a path that can be taken.
    ///
    /// With level 2 each instruction stands in the log when it is looked at. What is looked at only because the processor
    /// might guess wrong does not count as seen.
    ///
    /// - Source: `kernel/bpf/verifier.c`, `do_check`, `sanitize_mark_insn_seen`
    func seen(slots: Int) -> [Bool] {
        var seen = [Bool](repeating: false, count: slots)
        var isSpeculative = false
        for line in lines {
            if line.hasPrefix("from ") {
                isSpeculative = line.contains("(speculative execution)")
            } else if line.hasPrefix("Validating ") {
                isSpeculative = false
            } else if !isSpeculative, let (slot, isVisit) = Self.traced(line), isVisit, slot < slots {
                seen[slot] = true
            }
        }
        return seen
    }
}
