import BPF
import Fuzzing

/// Turns findings about a program as the oracle compares it into findings about the program that was read back.
struct EvidenceReader {
    /// What was read back.
    let result: Program
    /// Where each slot of the compared program is in what was read back, and one more for the end; `nil` where they are the same.
    let places: [Int]?
    let report: RewriteReport

    private func place(_ slot: Int) -> Int {
        guard let places else { return slot }
        return places[max(min(slot, places.count - 1), 0)]
    }

    /// The evidence for a finding, which is given the place in what was read back.
    func evidence(for finding: inout Finding) -> RewriteEvidence {
        let expected = report.expected
        switch finding.rule {
        case .subprogram:
            let seen = Case.Loading.Observed.subprogram(row: finding.place, start: nil).part(of: result)!
            let row = expected.flatMap {
                $0.subprograms.indices.contains(finding.place) ? $0.subprograms[finding.place] : nil
            }
            return evidence(
                seen,
                expected.map { _ in .subprogram(row: finding.place, start: row.map { UInt32(place(Int($0.start))) }) })
        case .line:
            let seen = Case.Loading.Observed.line(row: finding.place, nil).part(of: result)!
            let row = expected.flatMap { $0.lines.indices.contains(finding.place) ? $0.lines[finding.place] : nil }
            return evidence(
                seen,
                expected.map { _ in
                    .line(
                        row: finding.place,
                        row.map { LineRecord(insnOff: UInt32(place(Int($0.insnOff))), id: $0.id) })
                })
        case .layout where report.lengthChange != 0:
            // What is missing shows in no slot by itself: the next may look the same.
            let count = result.insns.count
            return evidence(.length(count), report.gaps.isEmpty ? .length(count + report.lengthChange) : nil)
        default: return evidenceOfSlot(&finding)
        }
    }

    /// The evidence for a gap, which begins at a place of the compared program.
    func evidence(for gap: AlignmentGap) -> RewriteEvidence {
        RewriteEvidence(seen: sight(at: place(gap.place)), must: nil)
    }

    private func evidence(_ seen: Case.Loading.Observed, _ must: Case.Loading.Observed?) -> RewriteEvidence {
        // The numbers of the scratch register are random only in blinded code.
        let isCorrect = must == seen || places != nil && must?.isSame(as: seen) == true
        return RewriteEvidence(seen: seen, must: isCorrect ? nil : must)
    }

    private func sight(at slot: Int) -> Case.Loading.Observed {
        let slot = max(min(slot, result.insns.count - 1), 0)
        return Case.Loading.Observed.insn(slot: slot, .zero).part(of: result) ?? .length(0)
    }

    private func evidenceOfSlot(_ finding: inout Finding) -> RewriteEvidence {
        let slot = finding.place
        let compared = report.normalized
        var at = place(slot)
        if let places, let compared, compared.insns.indices.contains(slot) {
            // Of a blinded instruction the last one jumps.
            let kind = compared.insns[slot].jumpKind
            if kind != .none && kind != .function { at = places[slot + 1] - 1 }
        }
        if at != slot {
            finding.place = at
            finding.detail += "; without blinding, and so at slot \(at) of what was read back"
        }
        if let sights = evidenceOfRemovedTarget(finding, at: at) { return sights }
        let seen = sight(at: at)
        if let must = report.patchInsns[slot], finding.rule == .encoding, case .insn(_, _, let second) = seen {
            return evidence(seen, .insn(slot: at, must, second: second))
        }
        guard let expected = report.expected, expected.insns.indices.contains(slot),
            case .insn(_, let insn, let second) = seen
        else { return RewriteEvidence(seen: seen, must: nil) }
        let wanted = expected.insns[slot]
        let kind = wanted.jumpKind
        if kind == .none {
            let isWrong = compared.map { $0.insns.indices.contains(slot) && $0.insns[slot] != wanted } ?? false
            let isWide = wanted.isWide && slot + 1 < expected.insns.count
            return evidence(
                seen, isWrong ? .insn(slot: at, wanted, second: isWide ? expected.insns[slot + 1] : nil) : nil)
        }
        let target = slot + 1 + wanted.jumpOffset(kind)
        guard let must = right(insn, second, kind, offset: place(target) - at - 1, target: target) else {
            return RewriteEvidence(seen: seen, must: nil)
        }
        return evidence(seen, .insn(slot: at, must.insn, second: must.second))
    }

    /// The evidence for a finding about something whose target was removed; `nil` for another finding.
    ///
    /// The instruction is no evidence: it is the same in a kernel that keeps the target.
    private func evidenceOfRemovedTarget(_ finding: Finding, at slot: Int) -> RewriteEvidence? {
        if finding.rule != .wrongLanding || !finding.bucket.hasSuffix("/delete") || result.subprograms.isEmpty {
            return nil
        }
        if let removed = report.removedTarget, finding.bucket.hasPrefix("kernel/wrong-landing/pseudo-func-"),
            case .target(_, let number)? = Case.Loading.Observed.target(slot: slot, subprogram: nil).part(of: result)
        {
            return evidence(.target(slot: slot, subprogram: number), .target(slot: slot, subprogram: removed))
        }
        if report.expected != nil { return nil }
        // A kernel that keeps the target has one subprogram more.
        return RewriteEvidence(seen: .subprogram(row: result.subprograms.count, start: nil), must: nil)
    }

    /// The instruction that was read back with the offset that it must have; `nil` where it cannot be said.
    private func right(
        _ insn: Instruction, _ second: Instruction?, _ kind: JumpKind, offset: Int, target: Int
    ) -> (insn: Instruction, second: Instruction?)? {
        var insn = insn
        var second = second
        let starts = report.expected?.subprograms ?? []
        let number = starts.firstIndex { Int($0.start) == target }.map { Int32($0) }
        switch kind {
        case .call:
            guard let form = report.callForm, let cut = Int16(exactly: offset) ?? (form == .relative ? 0 : nil) else {
                return nil
            }
            switch form {
            case .relative: insn.imm = Int32(truncatingIfNeeded: offset)
            case .offsetThenNumber:
                guard let number else { return nil }
                (insn.off, insn.imm) = (cut, number)
            case .numberThenOffset:
                guard let number else { return nil }
                (insn.off, insn.imm) = (Int16(truncatingIfNeeded: number), Int32(truncatingIfNeeded: offset))
            case .offsetAlone: (insn.off, insn.imm) = (cut, 0)
            }
        case .function:
            insn.imm = Int32(truncatingIfNeeded: offset)
            if let form = report.callForm, form != .relative, let number { second?.imm = number }
        default: if !insn.setJumpOffset(offset, kind) { return nil }
        }
        return (insn, second)
    }
}
