import BPF
import Patching

/// Removes whole subprograms with their instructions and edits, and the calls of them.
struct SubprogramReducer: Reducer {
    let name = "subprograms"

    func minimize(_ minimization: Minimization) {
        let starts = minimization.best.program.subprograms.map { Int($0.start) }
        if starts.count < 2 || minimization.best.passes.count > 1 { return }
        let ends = starts.dropFirst() + [minimization.best.program.insns.count]
        let ranges = zip(starts, ends).map { $0..<$1 }
        _ = minimization.attemptInParts(ranges[...]) { part in
            let range = part[part.startIndex].lowerBound..<part[part.endIndex - 1].upperBound
            return minimization.attempt { $0.removeSubprograms(range) }
        }
    }
}

extension Case {
    /// Removes the slots of whole subprograms.
    fileprivate mutating func removeSubprograms(_ range: Range<Int>) {
        func leadsInto(_ insn: Instruction, at slot: Int) -> Bool {
            insn.jumpKind.isCall && range.contains(slot + 1 + insn.jumpOffset(insn.jumpKind))
        }
        for (slot, insn) in program.insns.enumerated() where leadsInto(insn, at: slot) && !range.contains(slot) {
            // The replacement of a pseudo function has two slots, that of a call one.
            program.insns[slot] = Instruction(code: insn.isWide ? insn.code : Opcode.movImmediate64, imm: insn.imm)
        }
        for pass in passes.indices {
            passes[pass].edits.removeAll { range.contains($0.off.position) }
            for edit in passes[pass].edits.indices {
                passes[pass].edits[edit].refs.removeAll { range.contains($0.to.position) }
            }
        }
        SlotRemover(program, removing: range.contains).apply(to: &self)
    }
}
