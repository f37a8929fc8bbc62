import BPF
import Patching

/// Adds a test for 0 before each division by a register, and a test for -1 if it is signed.
///
/// | division | becomes |
/// |---|---|
/// | unsigned | 4, the division last |
/// | unsigned remainder | 2, last; of 32 bits 4, in the middle |
/// | signed | 8, last |
/// | signed remainder | 7, last; of 32 bits 9, in the middle |
/// | signed, by the number -1 | 1, without a division |
///
/// - Source: `do_misc_fixups`, Linux 6.12
enum DivisionGuards {
    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft) {
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() { rewrite(slot, hasNext: walk.hasNext, &draft) }
    }

    /// Rewrites one instruction if it is a division.
    ///
    /// - Parameter hasNext: true if an instruction follows, so that a jump can leave the patch
    @inline(__always)
    static func rewrite(_ slot: InputIndex, hasNext: Bool, _ draft: inout WorkloadDraft) {
        let insn = unsafe draft.input.insns[slot]
        let family = insn.code & Opcode.classMask
        let operation = insn.code & Opcode.operationMask
        if family != Opcode.arithmeticClass && family != Opcode.arithmetic32Class { return }
        if operation != Arithmetic.divide.rawValue && operation != Arithmetic.modulo.rawValue { return }
        let is64 = family == Opcode.arithmeticClass
        let isModulo = operation == Arithmetic.modulo.rawValue
        if insn.code & Opcode.registerOperand == 0 {
            if insn.off == 1 && insn.imm == -1 && draft.replace(slot) {
                draft.add(.apply(isModulo ? .move : .negate, insn.dst, 0, is64: is64))
            }
            return
        }
        if !hasNext || !draft.replace(slot) { return }
        switch (insn.off == 1, isModulo) {
        case (false, false): unsignedDivision(insn, is64, &draft)
        case (false, true): unsignedRemainder(insn, is64, &draft)
        case (true, false): signedDivision(insn, is64, &draft)
        case (true, true): signedRemainder(insn, is64, &draft)
        }
    }

    private static func unsignedDivision(_ insn: Instruction, _ is64: Bool, _ draft: inout WorkloadDraft) {
        draft.jump(to: 3, if: insn.src, .notEqual, 0, is64: is64)
        draft.add(.apply(.move, insn.dst, 0, is64: is64))
        draft.jump(to: 4)
        draft.keep()
    }

    private static func unsignedRemainder(_ insn: Instruction, _ is64: Bool, _ draft: inout WorkloadDraft) {
        // With a divisor of 0, a 32-bit remainder must still clear the upper half of its register.
        draft.jump(to: is64 ? 2 : 3, if: insn.src, .equal, 0, is64: is64)
        draft.keep()
        if is64 { return }
        draft.jump(to: 4)
        draft.add(.apply(.move, insn.dst, register: insn.dst, is64: false))
    }

    private static func signedDivision(_ insn: Instruction, _ is64: Bool, _ draft: inout WorkloadDraft) {
        draft.jump(to: 3, if: insn.src, .equal, 0, is64: is64)
        draft.jump(to: 7, if: insn.src, .notEqual, -1, is64: is64)
        draft.jump(to: 5)
        draft.add(.apply(.move, insn.dst, 0, is64: is64))
        draft.jump(to: 8)
        draft.add(.apply(.negate, insn.dst, 0, is64: is64))
        draft.jump(to: 8)
        draft.keep()
    }

    private static func signedRemainder(_ insn: Instruction, _ is64: Bool, _ draft: inout WorkloadDraft) {
        let end = is64 ? 7 : 9
        draft.add(.apply(.move, Register.hidden, register: insn.src, is64: is64))
        draft.add(.apply(.add, Register.hidden, 1, is64: is64))
        draft.jump(to: 6, if: Register.hidden, .greater, 1, is64: is64)
        draft.jump(to: is64 ? end : 8, if: Register.hidden, .equal, 1, is64: is64)
        draft.add(.apply(.move, insn.dst, 0, is64: is64))
        draft.jump(to: end)
        draft.keep()
        if is64 { return }
        draft.jump(to: end)
        draft.add(.apply(.move, insn.dst, register: insn.dst, is64: false))
    }
}
