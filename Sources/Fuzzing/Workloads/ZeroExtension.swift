import BPF
import Patching

/// Clears the upper half of a register after each instruction that writes the lower one, if all 64 bits may be read: 2
/// slots, the instruction first.
///
/// For CPUs whose 32-bit instructions do not clear it.
///
/// - Source: `opt_subreg_zext_lo32_rnd_hi32`, Linux 6.12
enum ZeroExtension {
    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft, _ reads: borrowing SixtyFourBitUses) {
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            guard let half = reads.halfWritten(by: slot, draft.input), half.isReadWide, draft.replace(slot) else {
                continue
            }
            draft.keep()
            var extend = Instruction.apply(.move, half.register, register: half.register, is64: false)
            // The mark of a zero extension.
            extend.imm = 1
            draft.add(extend)
        }
    }
}

/// Fills the upper half of a register with a random number after each instruction that writes the lower one, if the
/// upper half is never read: 4 slots, the instruction first.
///
/// - Source: `BPF_F_TEST_RND_HI32` in `opt_subreg_zext_lo32_rnd_hi32`, Linux 6.12
enum RandomUpperHalves {
    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft, _ reads: borrowing SixtyFourBitUses) {
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
