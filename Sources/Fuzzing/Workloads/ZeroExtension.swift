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
            draft.addExtension(of: half.register)
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
            draft.addRandomHalf(of: half.register)
        }
    }
}

extension WorkloadDraft {
    /// Adds an instruction that clears the upper half of a register.
    @inline(__always)
    mutating func addExtension(of register: UInt8) { add(.extending(register)) }

    /// Adds instructions that fill the upper half of a register with a random number.
    @inline(__always)
    mutating func addRandomHalf(of register: UInt8) {
        add(.assign(Register.hidden, nextMarker()))
        add(.apply(.shiftLeft, Register.hidden, 32))
        add(.apply(.or, register, register: Register.hidden))
    }
}

extension Instruction {
    /// `wD = wD`, with the mark of a zero extension.
    @inline(__always)
    static func extending(_ register: UInt8) -> Instruction {
        var insn = Instruction.apply(.move, register, register: register, is64: false)
        insn.imm = 1
        return insn
    }
}
