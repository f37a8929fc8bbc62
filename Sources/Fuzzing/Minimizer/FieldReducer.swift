import BPF
import Patching

/// Makes numbers smaller: fields of instructions that are not plain, offsets of jumps, and numbers in tables.
struct FieldReducer: Reducer {
    let name = "fields"

    func minimize(_ minimization: Minimization) {
        for place in minimization.best.places where !place.isPlain(in: minimization.best) {
            if minimization.isOver { return }
            minimize(minimization, place)
        }
        let program = minimization.best.program
        _ = minimization.attemptInParts(program.aux.indices.filter { program.aux[$0] > $0 + 1 }[...]) { part in
            minimization.attempt { c in for slot in part { c.program.aux[slot] = UInt32(slot + 1) } }
        }
        let (subprograms, lines) = (program.subprograms, program.lines)
        _ = minimization.attemptInParts(subprograms.indices.filter { subprograms[$0].id > $0 }[...]) { part in
            minimization.attempt { c in for row in part { c.program.subprograms[row].id = UInt32(row) } }
        }
        _ = minimization.attemptInParts(lines.indices.filter { lines[$0].id > $0 }[...]) { part in
            minimization.attempt { c in for row in part { c.program.lines[row].id = UInt32(row) } }
        }
    }

    /// Tries smaller fields of one instruction: all at once, then one by one, then a shorter jump.
    private func minimize(_ minimization: Minimization, _ place: SlotPlace) {
        func attempt(_ change: (inout Instruction) -> Void) -> Bool {
            minimization.attempt { c in
                var insn = place.insn(in: c)
                change(&insn)
                place.set(insn, in: &c)
            }
        }
        let insn = place.insn(in: minimization.best)
        let kind = insn.jumpKind
        var changes: [(inout Instruction) -> Void] = [{ $0.dst = 0 }]
        if !kind.isCall && !insn.isWide { changes.append { $0.src = 0 } }
        if kind != .short { changes.append { $0.off = 0 } }
        // A small marker, but a unique one.
        if kind == .none || kind == .short { changes.append { $0.imm = place.marker } }
        // Skip changes that do not make the field smaller.
        let useful = changes.filter { change in
            var copy = insn
            change(&copy)
            return copy != insn
        }
        _ = minimization.attemptInParts(useful[...]) { part in
            attempt { insn in for change in part { change(&insn) } }
        }
        if kind == .long || kind.isCall { _ = attempt { $0.off = Int16(truncatingIfNeeded: place.marker) } }
        // A jump gets shorter by halves.
        var step = insn.jumpOffset(kind) / 2
        while kind.isJump && step != 0 {
            _ = attempt { _ = $0.setJumpOffset($0.jumpOffset(kind) - step, kind) }
            step /= 2
        }
    }
}
