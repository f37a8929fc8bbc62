import BPF
import Fuzzing
import Patching

/// Divisions, with what keeps them from dividing by 0 or by -1.
///
/// - Source: 6.1 and 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`
enum DivisionShapes {
    /// Reads what stands for a division or modulo by a register.
    static func byRegister(_ insn: Instruction, _ reader: ShapeReader) -> Shape {
        let is64 = insn.code & Opcode.classMask == Opcode.arithmeticClass
        let isModulo = insn.code & Opcode.operationMask == Arithmetic.modulo.rawValue
        // Kernels before 6.12 guard a signed one as if it were unsigned.
        if insn.off == 1 {
            let shape = isModulo ? signedModulo(insn, is64, reader) : signedDivision(insn, is64, reader)
            if shape.isThere { return shape }
        }
        return isModulo ? modulo(insn, is64, reader) : division(insn, is64, reader)
    }

    private static func division(_ insn: Instruction, _ is64: Bool, _ start: ShapeReader) -> Shape {
        var reader = start
        reader.take(.jump(2, if: insn.src, .notEqual, 0, is64: is64))
        reader.take(.apply(.xor, insn.dst, register: insn.dst, is64: false))
        reader.take(.jump(1))
        reader.take(insn)
        return reader.shape(.division, keep: 3)
    }

    private static func modulo(_ insn: Instruction, _ is64: Bool, _ start: ShapeReader) -> Shape {
        var reader = start
        reader.take(.jump(is64 ? 1 : 2, if: insn.src, .equal, 0, is64: is64))
        reader.take(insn)
        if !is64 { takeZeroExtension(insn, &reader) }
        return reader.shape(.modulo, keep: 1)
    }

    private static func signedDivision(_ insn: Instruction, _ is64: Bool, _ start: ShapeReader) -> Shape {
        var reader = start
        takeTest(insn, is64, jump: 4, &reader)
        reader.take(.jump(1, if: Register.hidden, .equal, 0, is64: is64))
        reader.take(.apply(.move, insn.dst, 0, is64: is64))
        reader.take(.apply(.negate, insn.dst, 0, is64: is64))
        reader.take(.jump(1))
        reader.take(insn)
        return reader.shape(.signedDivision, keep: 7)
    }

    private static func signedModulo(_ insn: Instruction, _ is64: Bool, _ start: ShapeReader) -> Shape {
        var reader = start
        takeTest(insn, is64, jump: 3, &reader)
        reader.take(.jump(is64 ? 3 : 4, if: Register.hidden, .equal, 1, is64: is64))
        reader.take(.apply(.move, insn.dst, 0, is64: false))
        reader.take(.jump(1))
        reader.take(insn)
        if !is64 { takeZeroExtension(insn, &reader) }
        return reader.shape(.signedModulo, keep: 6)
    }

    /// Whether the divisor is neither 0 nor -1.
    private static func takeTest(_ insn: Instruction, _ is64: Bool, jump: Int16, _ reader: inout ShapeReader) {
        reader.take(.move(Register.hidden, insn.src))
        reader.take(.apply(.add, Register.hidden, 1, is64: is64))
        reader.take(.jump(jump, if: Register.hidden, .greater, 1, is64: is64))
    }

    /// A divisor of 0 leaves a 32-bit remainder as it is, but for its upper half.
    private static func takeZeroExtension(_ insn: Instruction, _ reader: inout ShapeReader) {
        reader.take(.jump(1))
        reader.take(.apply(.move, insn.dst, register: insn.dst, is64: false))
    }

    /// Reads what stands for a signed division or modulo by the number -1.
    static func byMinusOne(_ insn: Instruction, _ start: ShapeReader) -> Shape {
        var reader = start
        let is64 = insn.code & Opcode.classMask == Opcode.arithmeticClass
        if insn.code & Opcode.operationMask == Arithmetic.modulo.rawValue {
            reader.take(.apply(.move, insn.dst, 0, is64: false))
        } else {
            reader.take(.apply(.negate, insn.dst, 0, is64: is64))
        }
        return reader.shape(.signedByMinusOne)
    }
}
