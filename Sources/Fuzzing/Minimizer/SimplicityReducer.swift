import BPF
import Patching

/// Makes instructions plainer and numbers smaller.
struct SimplicityReducer: Reducer {
    func minimize(_ minimization: Minimization) {
        _ = minimization.attempt { $0.program.aux = Array(repeating: 0, count: $0.program.aux.count) }
        _ = minimization.attempt { $0.makePatchesPlain() }
        let isLong = minimization.isLong
        for slot in minimization.best.program.insns.indices {
            if isLong && minimization.best.program.insns[slot].jumpKind == .none { continue }
            simplify(minimization, number: slot + 1, at: \.program.insns[slot])
            if isLong { continue }
            _ = minimization.attempt { $0.program.aux[slot] = 0 }
            _ = minimization.attempt { $0.program.aux[slot] = UInt32(slot + 1) }
        }
        // Each marker once, or a picture could not say which of two instructions is meant.
        var marker = 100
        for pass in minimization.best.passes.indices {
            for edit in minimization.best.passes[pass].edits.indices {
                for slot in minimization.best.passes[pass].edits[edit].patch.indices {
                    simplify(minimization, number: marker, at: \.passes[pass].edits[edit].patch[slot])
                    marker += 1
                }
            }
        }
        for row in minimization.best.program.subprograms.indices {
            _ = minimization.attempt { $0.program.subprograms[row].id = UInt32(row) }
        }
        for row in minimization.best.program.lines.indices {
            _ = minimization.attempt { $0.program.lines[row].id = UInt32(row) }
        }
    }

    /// Tries plainer forms of one instruction: none of its own at all, then smaller fields, then a shorter jump.
    private func simplify(_ minimization: Minimization, number: Int, at path: WritableKeyPath<Case, Instruction>) {
        let insn = minimization.best[keyPath: path]
        if insn == .zero { return }
        func attempt(_ candidate: Instruction) -> Bool { minimization.attempt { $0[keyPath: path] = candidate } }
        let kind = insn.jumpKind
        if insn.code != 0 {
            let plain = Instruction(code: Opcode.movImmediate64, imm: Int32(number))
            if insn == plain || attempt(plain) { return }
            if kind.isJump
                && attempt(
                    Instruction(code: Opcode.ja, off: Int16(clamping: insn.jumpOffset(kind)), imm: Int32(number)))
            {
                return simplifyFields(minimization, number, path)
            }
        }
        simplifyFields(minimization, number, path)
    }

    private func simplifyFields(_ minimization: Minimization, _ number: Int, _ path: WritableKeyPath<Case, Instruction>)
    {
        func attempt(_ change: (inout Instruction) -> Void) { _ = minimization.attempt { change(&$0[keyPath: path]) } }
        let kind = minimization.best[keyPath: path].jumpKind
        attempt { $0.dst = 0 }
        if !kind.isCall && !minimization.best[keyPath: path].isWide { attempt { $0.src = 0 } }
        if kind != .short { attempt { $0.off = 0 } }
        if kind == .none || kind == .short {
            // A small marker, but one of its own.
            attempt { $0.imm = Int32(number) }
        } else {
            attempt { $0.off = Int16(truncatingIfNeeded: number) }
        }
        // A jump gets shorter by halves.
        var step = minimization.best[keyPath: path].jumpOffset(kind) / 2
        while kind.isJump && step != 0 {
            attempt { _ = $0.setJumpOffset($0.jumpOffset(kind) - step, kind) }
            step /= 2
        }
    }
}

extension Case {
    /// Makes everything in patches plain that is no placeholder, jump or wide load.
    fileprivate mutating func makePatchesPlain() {
        for pass in passes.indices {
            for edit in passes[pass].edits.indices {
                for (slot, insn) in passes[pass].edits[edit].patch.enumerated()
                where insn.code != 0 && !insn.isWide && insn.jumpKind == .none {
                    passes[pass].edits[edit].patch[slot] = Instruction(
                        code: Opcode.movImmediate64, imm: Int32(100 + slot))
                }
            }
        }
    }
}
