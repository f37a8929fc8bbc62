import BPF
import Patching

/// Turns jumps into plainer kinds: calls into jumps, and jumps of patches into jumps of the program.
struct JumpSlide: Reducer {
    let name = "jump slide"

    func minimize(_ minimization: Minimization) {
        for slot in minimization.best.program.insns.indices { simplify(minimization, slot) }
        guard minimization.best.passes.count == 1 else { return }
        for edit in minimization.best.passes[0].edits.indices {
            var slot = 0
            while slot < minimization.best.passes[0].edits[edit].patch.count {
                simplify(minimization, edit, slot)
                moveToProgram(minimization, edit, slot)
                slot += 1
            }
        }
    }

    /// The plainer instructions that lead to the same place, or fill the same slot.
    private func plainer(than insn: Instruction) -> [Instruction] {
        let kind = insn.jumpKind
        if kind == .none { return [] }
        let offset = insn.jumpOffset(kind)
        let marker = kind == .short ? insn.imm : Int32(insn.off)
        var found: [Instruction] = []
        if let short = Int16(exactly: offset) {
            found = [Opcode.ja, Opcode.mayGoto, 0x15].map { Instruction(code: $0, off: short, imm: marker) }
        }
        if kind == .function {
            found.append(Instruction(code: Opcode.call, src: Opcode.pseudoCall, off: insn.off, imm: Int32(offset)))
        }
        return found.filter { CaseSlide.rank($0) < CaseSlide.rank(insn) }
    }

    /// Makes a jump of the program plainer.
    private func simplify(_ minimization: Minimization, _ slot: Int) {
        guard slot < minimization.best.program.insns.count else { return }
        let insn = minimization.best.program.insns[slot]
        if insn.code == 0 {
            _ = minimization.attempt { $0.program.insns[slot] = marker(ofSlot: slot) }
        }
        let target = slot + 1 + insn.jumpOffset(insn.jumpKind)
        if insn.isWide && slot + 1 < minimization.best.program.insns.count {
            _ = minimization.attempt { c in
                for place in [slot, slot + 1] { c.program.insns[place] = marker(ofSlot: place) }
            }
        }
        for candidate in plainer(than: insn) {
            func change(_ c: inout Case) {
                c.program.insns[slot] = candidate
                if !insn.isWide { return }
                c.program.insns[slot + 1] = Instruction(code: Opcode.movImmediate64)
                if c.passes.isEmpty { return }
                c.passes[0].edits = c.passes[0].edits.map { $0.off.position == slot ? keepingFirstSlot($0) : $0 }
            }
            if minimization.attempt(change) { return }
            // A call becomes a jump, which must not leave its subprogram: merge the callee into the caller.
            if insn.jumpKind.isCall && !candidate.jumpKind.isCall {
                let isTaken = minimization.attempt { c in
                    change(&c)
                    c.program.subprograms.removeAll { Int($0.start) == target && target > 0 }
                }
                if isTaken { return }
            }
        }
    }

    /// Makes a jump of a patch plainer.
    private func simplify(_ minimization: Minimization, _ edit: Int, _ slot: Int) {
        let patch = minimization.best.passes[0].edits[edit].patch
        let insn = patch[slot]
        if insn.isWide && slot + 1 < patch.count {
            _ = minimization.attempt { c in
                for place in [slot, slot + 1] { c.passes[0].edits[edit].patch[place] = marker(ofPatchSlot: place) }
            }
        }
        for candidate in plainer(than: insn) {
            let isTaken = minimization.attempt { c in
                c.passes[0].edits[edit].patch[slot] = candidate
                if insn.isWide {
                    c.passes[0].edits[edit].patch[slot + 1] = Instruction(code: Opcode.movImmediate64)
                }
            }
            if isTaken { return }
        }
    }

    /// Replaces a jump of a patch by a jump of the program to the same target.
    private func moveToProgram(_ minimization: Minimization, _ number: Int, _ slot: Int) {
        let edit = minimization.best.passes[0].edits[number]
        guard slot < edit.patch.count else { return }
        let insn = edit.patch[slot]
        let kind = insn.jumpKind
        if kind == .none || kind == .function { return }
        let target: Int
        if let ref = edit.refs.first(where: { $0.from.position == slot }) {
            target = ref.to.position
        } else {
            let isLeaving = slot + 1 + insn.jumpOffset(kind) == edit.patch.count
            target = isLeaving ? edit.off.position + Int(edit.remove) : edit.off.position
        }
        let count = minimization.best.program.insns.count
        let end = edit.off.position + Int(edit.remove)
        for place in [end, edit.off.position - 1, count - 1] where place >= 0 && place < count {
            if minimization.best.program.insns[place].jumpKind != .none { continue }
            var jump = insn
            guard jump.setJumpOffset(target - place - 1, kind) else { continue }
            for keepsLength in [false, true] {
                let isTaken = minimization.attempt { c in
                    c.program.insns[place] = jump
                    if keepsLength {
                        c.passes[0].edits[number].refs.removeAll { $0.from.position == slot }
                        c.passes[0].edits[number].patch[slot] = marker(ofPatchSlot: slot)
                    } else {
                        c.passes[0].edits[number] = edit.removing(patchSlots: slot..<slot + 1)
                    }
                }
                if isTaken { return }
            }
        }
    }

    /// The same edit after the instruction that it keeps became one slot wide.
    private func keepingFirstSlot(_ edit: Edit) -> Edit {
        guard let keep = edit.keep, edit.remove == 2, keep.position + 1 < edit.patch.count else { return edit }
        var copy = edit
        copy.remove = 1
        copy.patch[keep.position + 1] = marker(ofPatchSlot: keep.position + 1)
        return copy
    }

    /// A plain instruction whose number names its slot of the program.
    private func marker(ofSlot slot: Int) -> Instruction {
        Instruction(code: Opcode.movImmediate64, imm: Int32(slot + 1))
    }

    /// A plain instruction whose number names its slot of the patch.
    private func marker(ofPatchSlot slot: Int) -> Instruction {
        Instruction(code: Opcode.movImmediate64, imm: Int32(100 + slot))
    }
}
