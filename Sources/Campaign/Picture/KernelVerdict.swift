import BPF
import Fuzzing
import Patching

/// What a running kernel did wrong, as far as a case says; no kernel is asked.
struct KernelVerdict {
    /// The kernel, the rule that it broke, and what was seen.
    let text: String
    private let sight: Case.Loading.Sight?

    /// How many rows around the wrong slot are shown of a long program.
    private static let surroundings = 3

    /// `nil` for a case that says nothing of a kernel that did wrong.
    init?(_ c: Case, _ history: CaseHistory) {
        guard let loading = c.loading, loading.sight != nil || c.bucket != nil else { return nil }
        sight = loading.sight
        let release = loading.release.map { "\(Finding.kernelTarget) \($0)" } ?? Finding.kernelTarget
        let rule = c.bucket.flatMap(Case.rule(of:))
        var words = "✗ \(release): "
        if let rule { words += "\(rule.rawValue): " }
        switch sight {
        case .refusal(let text)?: words += "refused, and the verifier says: \(text)"
        case let sight?:
            words += sight.text
            // Without passes it is not known what the rules give.
            if !c.passes.isEmpty { words += Self.rules(history.outcome(of: c), for: sight) }
        case nil: words += Self.words(for: rule)
        }
        text = words
    }

    /// What must be in the place of what was seen.
    private static func rules(_ expected: Case.Expectation, for sight: Case.Loading.Sight) -> String {
        if case .error(let status) = expected {
            return " (by the rules the pass is refused with \(status.errorName ?? "an error"))"
        }
        if case .insn(let slot, let insn) = sight, case .result(let insns?, _, _, _) = expected,
            insns.indices.contains(slot), insns[slot] == insn
        {
            return " (as it must be)"
        }
        return sight.ruled(by: expected).map { " (must be: \($0))" } ?? ""
    }

    /// What happened when there was nothing to be read back.
    private static func words(for rule: BrokenRule?) -> String {
        switch rule {
        case .crash: "loading the program ended the process"
        case .hang: "loading the program came to no end"
        case .memory: "loading the program took more memory than a process is given"
        case .execution: "the program gave another value than it gives without the rewrites"
        default: "the case does not say what was seen"
        }
    }

    /// Marks what is wrong in the rows of the last pass, and draws where a wrong jump goes beside where it must go.
    ///
    /// - Complexity: O(rows)
    func mark(_ rows: inout [PictureRow], _ result: inout Listing) {
        guard let (slot, words) = place(in: result) else { return }
        guard let row = rows.firstIndex(where: { covers(slot, $0.right?.slot, result) }) else { return }
        rows[row].right?.sign = "✗"
        rows[row].right?.tone = .wrong
        rows[row].interest = Self.surroundings
        for target in drawJump(&result) {
            guard let row = rows.firstIndex(where: { $0.right?.slot == target }) else { continue }
            rows[row].interest = max(rows[row].interest ?? 0, 1)
        }
        var note = PictureRow(nil, PictureEntry(.note("✗ the kernel has \(words)"), .wrong))
        note.interest = 0
        if rows[row].bracket == "┌" || rows[row].bracket == "│" { note.bracket = "│" }
        rows.insert(note, at: row + 1)
    }

    private func covers(_ slot: Int, _ start: Int?, _ listing: Listing) -> Bool {
        start.map { ($0..<$0 + listing.width(at: $0)).contains(slot) } ?? false
    }

    /// The slot at which something else was seen, and what that was.
    private func place(in result: Listing) -> (slot: Int, words: String)? {
        let program = result.program
        switch sight {
        case .insn(let slot, let insn):
            guard program.insns.indices.contains(slot), program.insns[slot] != insn else { return nil }
            return (slot, "`\(result.text(of: slot, as: insn))` here")
        case .subprogram(let row, let start):
            let rows = program.subprograms
            guard let slot = rows.indices.contains(row) ? rows[row].start : start else { return nil }
            return (Int(slot), "subprogram \(row) " + (start.map { "at \($0)" } ?? "nowhere"))
        case .line(let row, let line):
            let rows = program.lines
            guard let slot = rows.indices.contains(row) ? rows[row].insnOff : line?.insnOff else { return nil }
            return (Int(slot), "line record \(row) " + (line.map { "with id \($0.id) at \($0.insnOff)" } ?? "nowhere"))
        case .refusal, nil: return nil
        }
    }

    /// Draws both ways of a jump that was seen to go elsewhere, and returns where they lead.
    private func drawJump(_ result: inout Listing) -> [Int] {
        guard case .insn(let slot, let insn) = sight, insn.jumpKind != .none else { return [] }
        let wanted = result.program.insns[slot]
        if insn.withoutJump != wanted.withoutJump || insn == wanted { return [] }
        result.emphasize(jumpAt: slot, .right)
        result.addWrongJump(at: slot, insn)
        return result.arcs.filter { $0.source == slot }.map(\.target)
    }
}
