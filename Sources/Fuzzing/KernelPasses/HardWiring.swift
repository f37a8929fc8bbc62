import BPF
import Patching

/// Replaces each conditional jump with a dead branch by `goto`.
///
/// | dead | becomes |
/// |---|---|
/// | the next instruction | `goto` to the target |
/// | the target alone | `goto +0` |
///
/// The verifier finds comparisons that never hold. Here they are drawn, and code that only they reach is dead. Dead code
/// has conditional jumps too, which are replaced by the same rule.
///
/// - Source: `opt_hard_wire_dead_code_branches`, Linux 6.12
enum HardWiring {
    /// Writes the pass. A program in which a conditional jump is the last instruction of a subprogram has no edits: the
    /// verifier refuses it.
    ///
    /// - Complexity: O(slots × log subprograms)
    static func write(_ draft: inout WorkloadDraft, _ reach: inout Reachability) {
        let input = draft.input
        if hasOpenEnd(input) { return }
        var choice = draft.choice
        let key = UInt64(UInt32(bitPattern: draft.nextMarker()))
        reach.load(input) { slot, insn in
            if !isConditional(insn) || !choice.takesNext() { return .either }
            let bits = (key &<< 32 | UInt64(slot.rawValue) &+ 1) &* 0x9e37_79b9_7f4a_7c15 &>> 61
            return bits < 3 ? .either : bits < 5 ? .jump : .next
        }
        draft.choice = choice
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            let insn = unsafe input.insns[slot]
            switch branch(of: insn, at: slot, reach) {
            case .either: break
            case .jump:
                draft.replace(slot, count: 1)
                draft.add(.jump(0), to: target(of: insn, at: slot))
            case .next:
                draft.replace(slot, count: 1)
                draft.add(.jump(0))
            }
        }
    }

    /// The branch to which an instruction is hard-wired.
    @inline(__always)
    static func branch(
        of insn: Instruction, at slot: InputIndex, _ reach: borrowing Reachability
    ) -> Reachability.Branch {
        if !isConditional(insn) { return .either }
        if !reach.isReached(slot + 1) { return .jump }
        return reach.isReached(target(of: insn, at: slot)) ? .either : .next
    }

    /// Returns true if the last instruction of a subprogram is a conditional jump.
    ///
    /// - Complexity: O(slots)
    static func hasOpenEnd(_ input: ProgramImage<InputIndex>) -> Bool {
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            if unsafe !walk.hasNext && isConditional(input.insns[slot]) { return true }
        }
        return false
    }

    @inline(__always)
    private static func isConditional(_ insn: Instruction) -> Bool {
        insn.jumpKind == .short && insn.code != Opcode.ja
    }

    @inline(__always)
    static func target(of insn: Instruction, at slot: InputIndex) -> InputIndex {
        InputIndex(slot.position + 1 + Int(insn.off))
    }
}
