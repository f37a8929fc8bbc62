import BPF
import Fuzzing
import Patching

/// Loads and stores of all kinds, but for those of a context.
enum MemoryShapes {
    /// Reads a load that is guarded against addresses of user space.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`
    static func guardedLoad(_ insn: Instruction, _ start: ShapeReader) -> Shape {
        var reader = start
        reader.take(.move(Register.hidden, insn.src))
        if insn.off != 0 { reader.take(.apply(.add, Register.hidden, Int32(insn.off))) }
        reader.take(.apply(.shiftRight, Register.hidden, 32))
        reader.take(anyImm: .jump(2, if: Register.hidden, .lessOrEqual, 0))
        let keep = reader.count
        reader.take { $0.isLoad(sameAs: insn) }
        reader.take(.jump(1))
        reader.take(.assign(insn.dst, 0))
        return reader.shape(.probeMem, keep: keep)
    }

    /// Reads what stands for `ld_abs` or `ld_ind`: a call, and an exit when it fails.
    ///
    /// - Source: 6.12 `net/core/filter.c`, `bpf_gen_ld_abs`
    static func loadAbsolute(_ insn: Instruction, _ start: ShapeReader) -> Shape {
        var reader = start
        if insn.code & Opcode.modeMask == indirectMode {
            reader.take(.move(Register.second, insn.src))
            if insn.imm != 0 { reader.take(.apply(.add, Register.second, insn.imm)) }
        } else {
            reader.take(.assign(Register.second, insn.imm))
        }
        reader.take(.move(Register.first, context))
        reader.take(anyImm: .callHelper(0))
        reader.take(.jump(2, if: Register.result, .signedGreaterOrEqual, 0))
        reader.take(.apply(.xor, Register.result, register: Register.result, is64: false))
        reader.take(Instruction(code: Opcode.exit))
        return reader.shape(.loadAbsolute)
    }

    /// The register in which these two want the context.
    private static let context: UInt8 = 6
    /// `IND` in the mode of a load.
    private static let indirectMode: UInt8 = 0x40

    /// Reads masked pointer arithmetic.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`
    static func pointerArithmetic(_ insn: Instruction, _ start: ShapeReader) -> Shape {
        for isNegative in [false, true] {
            for offset in [insn.src, insn.dst] {
                for isConstant in [true, false] {
                    let shape = pointerArithmetic(
                        insn, start, isNegative: isNegative, offset: offset, isSource: offset == insn.src,
                        isConstant: isConstant)
                    if shape.isThere { return shape }
                }
            }
        }
        return .missing
    }

    private static func pointerArithmetic(
        _ insn: Instruction, _ start: ShapeReader, isNegative: Bool, offset: UInt8, isSource: Bool, isConstant: Bool
    ) -> Shape {
        var reader = start
        let hidden = Register.hidden
        let negation = Instruction.apply(.multiply, offset, -1)
        if isNegative && !isConstant { reader.take(negation) }
        reader.take(anyImm: .apply(.move, hidden, 0, is64: false))
        if !isConstant {
            reader.take(.apply(.subtract, hidden, register: offset))
            reader.take(.apply(.or, hidden, register: offset))
            reader.take(.apply(.negate, hidden, 0))
            reader.take(.apply(.shiftRightSigned, hidden, 63))
            reader.take(.apply(.and, hidden, register: offset))
        }
        if !isSource { reader.take(.move(insn.dst, insn.src)) }
        var masked = insn
        masked.src = hidden
        // Addition and subtraction change places.
        if isNegative { masked.code ^= Arithmetic.add.rawValue ^ Arithmetic.subtract.rawValue }
        reader.take(masked)
        if isSource && isNegative && !isConstant { reader.take(negation) }
        return reader.shape(.pointerArithmetic)
    }
}

extension Instruction {
    /// Whether this is another load, or the same as one that may fault.
    ///
    /// - Source: `BPF_PROBE_MEM` and `BPF_PROBE_MEM32` come back as `MEM`; those that extend the sign come as they are
    @inline(__always)
    func isLoad(sameAs insn: Instruction) -> Bool {
        if bits == insn.bits { return true }
        if insn.code & Opcode.modeMask != signExtendingMode || (bits ^ insn.bits) >> 8 != 0 { return false }
        let mode = code & Opcode.modeMask
        return code & ~Opcode.modeMask == insn.code & ~Opcode.modeMask && (mode == 0x40 || mode == 0xc0)
    }

    /// `MEMSX` in the mode of a load.
    private var signExtendingMode: UInt8 { 0x80 }
}
