import BPF
import Patching

/// Deletes jumps to what is behind them anyway: `goto` and `may_goto` by nothing, one at a time.
///
/// The kernel asks for a `goto` whose other fields are 0 as well, and leaves one that has come to jump by nothing because of
/// this; here the workload has a second pass for those.
///
/// - Source: `opt_remove_nops`, Linux 6.14
enum Nops {
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
}
