import BPF
import Patching

/// Tries the smallest cases in which an offset can be wrong: backward or forward across an edit, or to an edit at the
/// start.
///
/// For two symptoms, direction and edit do not matter: a jump that wrongly keeps its offset, and an offset that a
/// patcher wrote to an instruction without one. No other symptom is accepted.
struct SymptomSlide: Reducer {
    let name = "symptom slide"

    /// `LDX|MEM|W`, a load from memory: tried besides a move as an instruction without an offset.
    static let loadCode: UInt8 = 0x61
    private static let withoutOffset = [Instruction(code: Opcode.movImmediate64), Instruction(code: loadCode)]
    private static let filler = Instruction(code: Opcode.movImmediate64, imm: 1)

    func minimize(_ minimization: Minimization) {
        guard let finding = minimization.bestFinding, minimization.best.passes.count == 1 else {
            return
        }
        let insns = minimization.best.program.insns + minimization.best.passes[0].edits.flatMap(\.patch)
        let jumps = insns.filter { $0.jumpKind != .none }
        // A jump that keeps its offset even in the smallest case explains all else that is wrong with a jump of its
        // kind.
        for jump in jumps { attemptBackward(minimization, jump) { hasUnchangedOffset($0) } }
        for jump in jumps { attemptForward(minimization, jump) { hasUnchangedOffset($0) } }
        if ignoresSkip(finding) {
            for jump in jumps { attemptBackward(minimization, jump) { ignoresSkip($0) } }
        }
        switch finding.rule {
        case .layout where !jumps.isEmpty:
            // A field other than the offset has changed: the patcher mistook the jump for another kind.
            attemptBackward(minimization, Instruction(code: Opcode.ja)) {
                $0.rule == .layout || hasUnchangedOffset($0)
            }
            for jump in jumps where jump.jumpKind == .short {
                var both = jump
                both.imm = -2
                attemptBackward(minimization, both) { $0.rule == .layout }
            }
            for insn in Self.withoutOffset { attemptBackward(minimization, insn) { $0.rule == .encoding } }
        case .encoding:
            let others = insns.filter {
                $0.jumpKind == .none && $0.code != 0 && $0.code != Opcode.movImmediate64
            }
            for insn in others + Self.withoutOffset { attemptBackward(minimization, insn) { $0.rule == .encoding } }
        default: break
        }
    }

    /// Tries a jump from slot 1 back to the start, where the edit is.
    ///
    /// An instruction without an offset holds the number where a patcher would wrongly look for one.
    private func attemptBackward(
        _ minimization: Minimization, _ insn: Instruction, _ accepts: (Finding) -> Bool
    ) {
        for edit in edits(at: 0) {
            var backward = insn
            if insn.jumpKind == .none {
                // A patcher reads the offset after the edit. By then an insertion has moved the instruction by a slot.
                backward.off = edit.skip ? -3 : -2
            } else {
                _ = backward.setJumpOffset(-2, insn.jumpKind)
            }
            attempt(minimization, Program(insns: [Self.filler] + slots(of: backward)), edit, accepts)
        }
    }

    /// Tries a jump from the start across an edit, to the slot after the edited one.
    private func attemptForward(
        _ minimization: Minimization, _ insn: Instruction, _ accepts: (Finding) -> Bool
    ) {
        let width = insn.width
        var forward = insn
        guard forward.setJumpOffset(width, insn.jumpKind) else { return }
        // The target of a call starts a subprogram.
        let starts = insn.jumpKind.isCall ? [0, UInt32(width + 1)] : [0]
        let program = Program(
            insns: slots(of: forward) + [Self.filler, Self.filler],
            subprograms: starts.enumerated().map { Subprogram(start: $1, id: UInt32($0)) })
        for edit in edits(at: width) { attempt(minimization, program, edit, accepts) }
    }

    /// The edits to try at a slot: a deletion, and an insertion that jumps skip. The kernel has one function for each.
    private func edits(at slot: Int) -> [Edit] {
        [
            Edit(off: InputIndex(slot), remove: 1),
            Edit(off: InputIndex(slot), remove: 0, patch: [Self.filler], skip: true),
        ]
    }

    /// An instruction with its second slot, if it has one.
    private func slots(of insn: Instruction) -> [Instruction] { insn.isWide ? [insn, .zero] : [insn] }

    private func attempt(
        _ minimization: Minimization, _ program: Program, _ edit: Edit, _ accepts: (Finding) -> Bool
    ) {
        _ = minimization.attempt(where: accepts) { c in
            c.program = program
            c.passes = [Pass(edits: [edit])]
        }
    }

    // MARK: Symptoms

    /// True if a jump wrongly keeps its offset.
    private func hasUnchangedOffset(_ finding: Finding) -> Bool {
        finding.sentence.contains(FindingFact.unchangedOffset)
    }

    /// True if a jump enters an insertion that jumps skip.
    private func ignoresSkip(_ finding: Finding) -> Bool {
        finding.sentence.contains(EditKind.insertSkip.phrase)
            && finding.sentence.contains(FindingFact.Site.first.rawValue)
    }
}
