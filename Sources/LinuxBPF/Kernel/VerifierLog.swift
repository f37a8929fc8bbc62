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
        return isTraced(line)
    }

    /// Whether a line is one of the trace, as `12: (b7) r0 = 1` and `12: R0=1` are.
    private static func isTraced(_ line: Substring) -> Bool {
        let digits = line.prefix { ("0"..."9").contains($0) }
        return !digits.isEmpty && line.dropFirst(digits.count).hasPrefix(": ")
    }
}
