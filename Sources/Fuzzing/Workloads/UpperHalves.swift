import BPF
import Patching

/// Clears the upper half of a register behind each instruction that writes the lower one, where someone may read both: 2
/// slots, the instruction first.
///
/// This is what a machine needs that does not do so by itself.
///
/// - Source: `opt_subreg_zext_lo32_rnd_hi32`, Linux 6.12
enum ZeroExtension {
    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft, _ reads: borrowing WideReads) {
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            guard let half = reads.halfWritten(by: slot, draft.input), half.isReadWide, draft.replace(slot) else {
                continue
            }
            draft.keep()
            var extend = Instruction.apply(.move, half.register, register: half.register, is64: false)
            // What marks it as an extension and nothing else.
            extend.imm = 1
            draft.add(extend)
        }
    }
}

/// Puts a random number into the upper half of a register behind each instruction that writes the lower one, where nobody
/// reads the upper: 4 slots, the instruction first.
///
/// - Source: `BPF_F_TEST_RND_HI32` in `opt_subreg_zext_lo32_rnd_hi32`, Linux 6.12
enum RandomUpperHalves {
    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft, _ reads: borrowing WideReads) {
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            guard let half = reads.halfWritten(by: slot, draft.input), !half.isReadWide, draft.replace(slot) else {
                continue
            }
            draft.keep()
            draft.add(.assign(Register.hidden, draft.nextMarker()))
            draft.add(.apply(.shiftLeft, Register.hidden, 32))
            draft.add(.apply(.or, half.register, register: Register.hidden))
        }
    }
}
