import BPF
import Patching

/// Moves edits to where other cases have theirs: turns them into insertions, and moves them to the front or to a jump's
/// target.
struct EditSlide: Reducer {
    let name = "edit slide"

    func minimize(_ minimization: Minimization) {
        for pass in minimization.best.passes.indices {
            for edit in minimization.best.passes[pass].edits.indices { slide(minimization, pass, edit) }
        }
    }

    private func slide(_ minimization: Minimization, _ pass: Int, _ number: Int) {
        func attempt(_ change: (inout Edit) -> Void) -> Bool {
            minimization.attempt { change(&$0.passes[pass].edits[number]) }
        }
        var edit: Edit { minimization.best.passes[pass].edits[number] }
        if edit.keep != nil {
            _ = attempt { edit in
                guard let keep = edit.keep else { return }
                let kept = keep.position..<keep.position + Int(min(edit.remove, 2))
                edit.keep = nil
                edit = edit.removing(patchSlots: kept.clamped(to: 0..<edit.patch.count))
                edit.remove = 0
            }
        }
        if edit.keep != nil && pass == 0 { moveKeptJump(minimization, number) }
        _ = attempt {
            $0.skip = false
            $0.remove = 0
        }
        var places = [0, Int(edit.off.rawValue) - 1]
        if pass == 0 {
            for (slot, insn) in minimization.best.program.insns.enumerated() where insn.jumpKind != .none {
                places += [slot + 1 + insn.jumpOffset(insn.jumpKind), slot]
            }
        }
        for place in places where place >= 0 && place != edit.off.position {
            _ = attempt {
                $0.off = InputIndex(place)
                if $0.patch.count > 0 { $0.remove = 0 }
            }
        }
    }

    /// Turns a jump that a patch keeps into one of an insertion, which reaches the same instruction.
    private func moveKeptJump(_ minimization: Minimization, _ number: Int) {
        let place = minimization.best.passes[0].edits[number].off
        guard place.position < minimization.best.program.insns.count else { return }
        var jump = minimization.best.program.insns[place.position]
        let kind = jump.jumpKind
        let target = place.position + 1 + jump.jumpOffset(kind)
        if kind == .none || jump.isWide || target < 0 { return }
        _ = jump.setJumpOffset(0, kind)
        _ = minimization.attempt { c in
            c.program.insns[place.position] = Instruction(
                code: Opcode.movImmediate64, imm: Int32(place.position + 1))
            c.passes[0].edits[number] = Edit(
                off: place, remove: 0, patch: [jump], refs: [Ref(from: PatchIndex(0), to: InputIndex(target))])
        }
    }
}
