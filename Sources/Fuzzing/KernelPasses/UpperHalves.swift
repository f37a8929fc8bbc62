import BPF
import Patching

/// Clears the upper halves of registers, or fills them with random numbers, or does both as each is read.
///
/// - Source: `opt_subreg_zext_lo32_rnd_hi32`, Linux 6.12
enum UpperHalves {
    /// The longest program in which both are done, since each instruction that writes 32 bits is then patched.
    private static let most = 2048

    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft, _ reads: borrowing SixtyFourBitUses) {
        switch draft.input.insnCount % 3 {
        case 0: ZeroExtension.write(&draft, reads)
        case 1: writeClearing(&draft, reads)
        default: writeBoth(&draft, reads)
        }
    }

    /// Writes the pass for a CPU that clears no upper half, with `BPF_F_TEST_RND_HI32`.
    private static func writeBoth(_ draft: inout WorkloadDraft, _ reads: borrowing SixtyFourBitUses) {
        let input = draft.input
        if input.insnCount > most { return }
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            guard let half = reads.halfWritten(by: slot, input) else { continue }
            // A load from the context may become wider, and gets no random number.
            let isLoad = unsafe input.insns[slot].code & Opcode.classMask == Opcode.loadClass
            if isLoad && !draft.choice.takesNext() { continue }
            patch(slot, half, &draft)
        }
    }

    /// Writes the pass for a CPU that clears upper halves, with `BPF_F_TEST_RND_HI32`. Only a cmpxchg is then extended.
    private static func writeClearing(_ draft: inout WorkloadDraft, _ reads: borrowing SixtyFourBitUses) {
        let input = draft.input
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            guard let half = reads.halfWritten(by: slot, input) else { continue }
            let isExchange = unsafe isCompareExchange(input.insns[slot])
            if !isExchange && (half.isReadWide || !draft.choice.takesNext()) { continue }
            patch(slot, half, &draft)
        }
    }

    /// Clears the upper half of a register after a slot if it is read, and else fills it.
    private static func patch(
        _ slot: InputIndex, _ half: (register: UInt8, isReadWide: Bool), _ draft: inout WorkloadDraft
    ) {
        draft.replace(slot, count: 1)
        draft.keep()
        if half.isReadWide {
            draft.addExtension(of: half.register)
        } else {
            draft.addRandomHalf(of: half.register)
        }
    }

    /// Returns true for a cmpxchg of 32 bits, which leaves the upper half of r0 alone if the values differ.
    private static func isCompareExchange(_ insn: Instruction) -> Bool {
        insn.code == MemorySize.word.rawValue | Opcode.atomicMode | Opcode.storeClass
            && insn.imm == RegisterEffect.compareExchange
    }

    /// Returns true if the pass makes these edits.
    ///
    /// - Complexity: O(slots)
    static func matches(_ pass: PassImage, _ input: ProgramImage<InputIndex>, _ release: KernelVersion) -> Bool {
        var (extends, randomizes) = (false, false)
        for number in 0..<pass.editCount {
            if !isPatch(pass.edit(number), pass, input, release) { return false }
            if pass.edit(number).patchCount != 2 {
                randomizes = true
            } else if unsafe !isCompareExchange(input.insns[pass.edit(number).off]) {
                extends = true
            }
        }
        if !randomizes { return true }
        var number = 0
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            if number < pass.editCount && pass.edit(number).off == slot {
                number += 1
                continue
            }
            let insn = unsafe input.insns[slot]
            let isSwap = insn.code == 0xd7
            if !isSwap && !RegisterEffect(of: insn).writes32 { continue }
            // Only a load can be one from the context. Else the CPU clears the upper half, except for a cmpxchg.
            let isLoad = insn.code & Opcode.classMask == Opcode.loadClass
            if !isLoad && (extends || isCompareExchange(insn)) { return false }
        }
        return true
    }

    private static func isPatch(
        _ edit: EditRecord, _ pass: PassImage, _ input: ProgramImage<InputIndex>, _ release: KernelVersion
    ) -> Bool {
        if edit.remove != 1 || edit.keep != 0 || edit.refCount > 0 || edit.off.position >= input.insnCount {
            return false
        }
        let insn = unsafe input.insns[edit.off]
        let effect = RegisterEffect(of: insn)
        // Loads of packets have become other instructions before.
        if !effect.writes32 || insn.code & Opcode.classMask == 0 { return false }
        // Kernels before 6.15 do not know load_acquire.
        if insn.imm == 0x100 && insn.code & Opcode.classMask == Opcode.storeClass && release < KernelVersion(6, 15) {
            return false
        }
        let register = UInt8(effect.written.trailingZeroBitCount)
        let patch = pass.patch(of: edit)
        let (one, two, three) = (PatchIndex(1), PatchIndex(2), PatchIndex(3))
        if edit.patchCount == 2 { return unsafe patch[one] == .extending(register) }
        return unsafe edit.patchCount == 4 && patch[one] == .assign(Register.hidden, patch[one].imm)
            && patch[two] == .apply(.shiftLeft, Register.hidden, 32)
            && patch[three] == .apply(.or, register, register: Register.hidden)
    }
}
