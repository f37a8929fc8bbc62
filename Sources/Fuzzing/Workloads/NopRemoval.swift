import BPF
import Patching

/// Deletes jumps to the next instruction, `goto` and `may_goto` with offset 0, one by one.
///
/// The kernel requires that all other fields of a `goto` are 0, and does not delete jumps whose offset becomes 0 by
/// this. The workload has a second pass for those.
///
/// - Source: `opt_remove_nops`, Linux 6.14
enum NopRemoval {
    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft) {
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            let insn = unsafe draft.input.insns[slot]
            if (insn.code == Opcode.ja || insn.code == Opcode.mayGoto) && insn.off == 0 && draft.choice.takesNext() {
                draft.delete(slot, count: 1)
            }
        }
    }

    /// Writes the pass of kernels before 6.14: each `goto` whose other fields are 0 too, and no `may_goto`.
    ///
    /// - Complexity: O(slots)
    static func writeExact(_ draft: inout WorkloadDraft) {
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            if unsafe draft.input.insns[slot] == .jump(0) { draft.delete(slot, count: 1) }
        }
    }
}
