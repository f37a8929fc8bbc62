/// The verifier's log of one program.
struct VerifierLog {
    /// The lines, without their ends.
    var lines: [Substring]

    init(_ text: String) { lines = text.split(separator: "\n") }

    /// The line with the reason of a refusal; `nil` if there is none.
    ///
    /// The reason is the last line that is no statistics, instruction or state. A line about a bug of the verifier
    /// takes precedence.
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

    /// Returns true if a line is no reason of a refusal.
    private static func isPassing(_ line: Substring) -> Bool {
        let line = line.drop(while: \.isWhitespace)
        if line.isEmpty { return true }
        if passing.contains(where: { line.hasPrefix($0) }) { return true }
        return isTraced(line)
    }

    /// Returns true for a line of the trace, such as `12: (b7) r0 = 1` and `12: R0=1`.
    private static func isTraced(_ line: Substring) -> Bool {
        let digits = line.prefix { ("0"..."9").contains($0) }
        return !digits.isEmpty && line.dropFirst(digits.count).hasPrefix(": ")
    }
}
