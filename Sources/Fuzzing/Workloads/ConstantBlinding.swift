import BPF
import Patching

/// Keeps the constants of a program out of machine code: each is computed from two random numbers.
///
/// | instruction | becomes |
/// |---|---|
/// | arithmetic with a number, except shifts | 3 |
/// | `rD = 0` | 1, without a number |
/// | comparison with a number | 3, the jump last and by ref |
/// | store of a number | 3 |
/// | wide load, except of a subprogram's address | 7: one half, then the other |
///
/// - Source: `bpf_jit_blind_constants`, Linux 6.12
enum ConstantBlinding {
    /// The edits to make.
    enum Form {
        case chosen
        /// All that the kernel makes. `extends` is true if it clears the upper half of a lower one itself.
        case kernel(extends: Bool)

        var isKernel: Bool { if case .kernel = self { true } else { false } }
    }

    /// The longest program that is blinded as by the kernel, whose time is quadratic.
    private static let most = 2048

    /// Returns true if the kernel blinds a program alone, and not each of its functions, and does so in a short time.
    static func isBlindable(_ input: ProgramImage<InputIndex>) -> Bool {
        input.subprogramCount == 1 && input.insnCount <= most
    }

    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft, _ form: Form = .chosen) {
        let choice = draft.choice
        if form.isKernel { draft.choice = .all }
        defer { if form.isKernel { draft.choice = choice } }
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            let insn = unsafe draft.input.insns[slot]
            // The register of the constants is not free there.
            if form.isKernel && (insn.dst == Register.hidden || insn.src == Register.hidden) { continue }
            switch insn.code & Opcode.classMask {
            case Opcode.arithmeticClass, Opcode.arithmetic32Class: arithmetic(insn, at: slot, form, &draft)
            case Opcode.jumpClass, Opcode.jump32Class: comparison(insn, at: slot, &draft)
            case Opcode.storeImmediateClass: store(insn, at: slot, &draft)
            default: if insn.isWide && insn.src != Opcode.pseudoFunction { wideLoad(insn, at: slot, form, &draft) }
            }
        }
    }

    /// A random number that hides a constant: a marker with its bits spread.
    @inline(__always)
    private static func key(_ draft: inout WorkloadDraft) -> Int32 {
        Int32(truncatingIfNeeded: Int64(draft.nextMarker()) &* 0x9e37_79b1)
    }

    /// Computes a constant in the hidden register.
    @inline(__always)
    private static func hide(_ imm: Int32, is64: Bool, _ draft: inout WorkloadDraft) {
        let key = key(&draft)
        draft.add(.apply(.move, Register.hidden, imm ^ key, is64: is64))
        draft.add(.apply(.xor, Register.hidden, key, is64: is64))
    }

    private static func arithmetic(
        _ insn: Instruction, at slot: InputIndex, _ form: Form, _ draft: inout WorkloadDraft
    ) {
        if insn.code & Opcode.registerOperand != 0 { return }
        let is64 = insn.code & Opcode.classMask == Opcode.arithmeticClass
        let operation = Arithmetic(rawValue: insn.code & Opcode.operationMask)
        switch operation {
        case .add, .subtract, .multiply, .divide, .or, .and, .modulo, .xor, .move: break
        default: return
        }
        if !draft.replace(slot) { return }
        if operation == .move && insn.imm == 0 {
            draft.add(.apply(.xor, insn.dst, register: insn.dst, is64: is64 || form.isKernel))
            return
        }
        hide(insn.imm, is64: is64, &draft)
        draft.add(
            Instruction(code: insn.code | Opcode.registerOperand, dst: insn.dst, src: Register.hidden, off: insn.off))
    }

    private static func comparison(_ insn: Instruction, at slot: InputIndex, _ draft: inout WorkloadDraft) {
        if insn.code & Opcode.registerOperand != 0 { return }
        switch insn.code & Opcode.operationMask {
        case 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0: break
        default: return
        }
        let target = InputIndex(slot.position + 1 + Int(insn.off))
        if !draft.replace(slot) { return }
        hide(insn.imm, is64: insn.code & Opcode.classMask == Opcode.jumpClass, &draft)
        draft.add(
            Instruction(code: insn.code | Opcode.registerOperand, dst: insn.dst, src: Register.hidden), to: target)
    }

    private static func store(_ insn: Instruction, at slot: InputIndex, _ draft: inout WorkloadDraft) {
        if insn.code & Opcode.modeMask != Opcode.memoryMode || !draft.replace(slot) { return }
        hide(insn.imm, is64: true, &draft)
        draft.add(.store(MemorySize(of: insn), to: insn.dst, insn.off, Register.hidden))
    }

    private static func wideLoad(
        _ insn: Instruction, at slot: InputIndex, _ form: Form, _ draft: inout WorkloadDraft
    ) {
        let high = unsafe draft.input.insns[slot + 1].imm
        if !draft.replace(slot) { return }
        hide(high, is64: true, &draft)
        draft.add(.apply(.shiftLeft, Register.hidden, 32))
        draft.add(.move(insn.dst, Register.hidden))
        hide(insn.imm, is64: false, &draft)
        if case .kernel(extends: true) = form { draft.addExtension(of: Register.hidden) }
        draft.add(.apply(.or, insn.dst, register: Register.hidden))
    }
}
