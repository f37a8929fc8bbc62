import BPF
import Fuzzing
import KernelRewrites
import Patching

/// A kernel's fault as the case file describes it; no kernel runs.
struct KernelVerdict {
    /// The lines of the header: the kernel, the broken rule, the fault, and known faults with the same bucket.
    let lines: [String]
    /// The kernel's result; `nil` if the case does not have it.
    let given: Program?
    /// The correct result; `nil` if the case does not determine it.
    let expected: Program?
    /// The wrong slot of the kernel's result, and words for it.
    let mark: (slot: Int, words: String)?
    /// The target name with the kernel's release.
    let name: String

    /// `nil` for a case without a kernel finding.
    init?(_ c: Case, _ history: CaseHistory) {
        guard let loading = c.loading, loading.seen != nil || c.bucket != nil else { return nil }
        name = loading.release.map { "\(Finding.kernelTarget) \($0)" } ?? Finding.kernelTarget
        let outcome = history.outcome(of: c)
        var ruled = c
        if !c.passes.isEmpty { ruled.expected = outcome }
        let headline = KernelHeadline(ruled)
        let title = "✗ \(name): " + (c.bucket.flatMap(Bucket.rule(of:)).map { "\($0.rawValue)" } ?? "wrong")
        var lines = [title, "  " + headline.text + (headline.isContradictory ? "; 'minimize' rewrites it" : "")]
        if !c.passes.isEmpty, case .error(let status) = outcome {
            lines.append("  the rules refuse the edits that it made: \(status.errorName ?? "an error")")
        }
        lines += (c.bucket.map(KnownFault.notes(on:)) ?? []).map { "  " + $0 }
        self.lines = lines
        if !c.passes.isEmpty, case .result(let insns?, let aux?, let subprograms?, let records?) = outcome {
            expected = Program(insns: insns, aux: aux, subprograms: subprograms, lines: records)
        } else {
            expected = nil
        }
        given = Self.given(loading, expected, isContradictory: headline.isContradictory)
        mark = Self.mark(loading, given, headline)
    }

    /// The kernel's result with the correct aux words, since the kernel's own aux words mean something else.
    private static func given(_ loading: Case.Loading, _ expected: Program?, isContradictory: Bool) -> Program? {
        if var given = loading.given {
            if let expected, expected.aux.count == given.insns.count { given.aux = expected.aux }
            return given
        }
        // Files of earlier versions contain only the first difference.
        guard !isContradictory, var given = expected, let observed = loading.seen else { return nil }
        switch observed {
        case .insn(let slot, var insn, let second):
            guard given.insns.indices.contains(slot) else { return nil }
            // After the JIT, the verifier leaves the offset of a subprogram call in `off`.
            if insn.jumpKind == .call && insn.off != 0 { (insn.imm, insn.off) = (Int32(insn.off), 0) }
            given.insns[slot] = insn
            if let second, slot + 1 < given.insns.count { given.insns[slot + 1] = second }
        case .subprogram(let row, let start):
            guard given.subprograms.indices.contains(row) else { return nil }
            if let start { given.subprograms[row].start = start } else { given.subprograms.removeSubrange(row...) }
        case .line(let row, let line):
            if row < given.lines.count { given.lines.removeSubrange(row..<(line == nil ? given.lines.count : row + 1)) }
            if let line { given.lines.insert(line, at: min(row, given.lines.count)) }
        case .target, .value, .length, .refusal: return nil
        }
        return given
    }

    private static func mark(
        _ loading: Case.Loading, _ given: Program?, _ headline: KernelHeadline
    ) -> (slot: Int, words: String)? {
        if let given, case .target(let slot, let number)? = loading.seen, given.insns.indices.contains(slot) {
            return (slot, "reaches " + (number.map { "subprogram \($0)" } ?? "no subprogram"))
        }
        guard let given, case .insn(let slot, let insn, _) = loading.seen, given.insns.indices.contains(slot) else {
            return nil
        }
        if let must = headline.must { return (slot, "must \(must.verb.base) \(must.value)") }
        let kind = insn.jumpKind
        let target = slot + 1 + (kind == .none ? 0 : insn.jumpOffset(kind))
        if kind != .none && !given.insns.indices.contains(target) {
            return (slot, "reaches \(target), outside the program")
        }
        return (slot, "is wrong here")
    }
}
