import BPF
import Fuzzing
import KernelModel
import Patching

/// Helpers of tracing programs that are inlined.
///
/// - Source: 6.1 and 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`
enum TracingShapes {
    static func helper(_ insn: Instruction, _ start: ShapeReader) -> Shape {
        switch insn.imm {
        case HelperNumber.functionArgument: return functionArgument(start)
        case HelperNumber.functionResult: return functionResult(start)
        case HelperNumber.functionArgumentCount: return contextLoad(start)
        case HelperNumber.functionAddress: return contextLoad(start)
        case HelperNumber.branchSnapshot: return branchSnapshot(start)
        default: return .missing
        }
    }

    /// A load from in front of the arguments; newer kernels mask what they load.
    private static func contextLoad(_ start: ShapeReader) -> Shape {
        var reader = start
        reader.take(anyOff: .load(.double, Register.result, from: Register.first, 0))
        if reader.next.bits == mask(Register.result).bits { reader.take(mask(Register.result)) }
        return reader.shape(.functionArgument)
    }

    /// The number of arguments, where flags stand above it.
    private static func mask(_ dst: UInt8) -> Instruction { .apply(.and, dst, 0xff) }

    private static func functionArgument(_ start: ShapeReader) -> Shape {
        var reader = start
        reader.take(.load(.double, Register.result, from: Register.first, -8))
        if reader.next.bits == mask(Register.result).bits { reader.take(mask(Register.result)) }
        reader.take(.jump(6, if: Register.second, .greaterOrEqual, register: Register.result, is64: false))
        reader.take(.apply(.shiftLeft, Register.second, 3))
        reader.take(.apply(.add, Register.second, register: Register.first))
        reader.take(.load(.double, Register.result, from: Register.second, 0))
        reader.take(.store(.double, to: Register.third, 0, Register.result))
        reader.take(.assign(Register.result, 0))
        reader.take(.jump(1))
        reader.take(.assign(Register.result, -22))
        return reader.shape(.functionArgument)
    }

    private static func functionResult(_ start: ShapeReader) -> Shape {
        var reader = start
        if start.next.code == Opcode.movImmediate64 {
            reader.take(.assign(Register.result, -95))
            return reader.shape(.functionArgument)
        }
        reader.take(.load(.double, Register.result, from: Register.first, -8))
        if reader.next.bits == mask(Register.result).bits { reader.take(mask(Register.result)) }
        reader.take(.apply(.shiftLeft, Register.result, 3))
        reader.take(.apply(.add, Register.result, register: Register.first))
        reader.take(.load(.double, Register.third, from: Register.result, 0))
        reader.take(.store(.double, to: Register.second, 0, Register.third))
        reader.take(.assign(Register.result, 0))
        return reader.shape(.functionArgument)
    }

    private static func branchSnapshot(_ start: ShapeReader) -> Shape {
        var reader = start
        reader.take(.jump(7, if: Register.third, .notEqual, 0))
        reader.take(.apply(.move, Register.result, Int32(bitPattern: 0xaaaa_aaab), is64: false))
        reader.take(.apply(.multiply, Register.second, register: Register.result))
        reader.take(.apply(.shiftRight, Register.second, 36))
        reader.take(anyImm: .callHelper(0))
        reader.take(.jump(4, if: Register.result, .equal, 0))
        reader.take(.apply(.multiply, Register.result, 24, is64: false))
        reader.take(.jump(3))
        reader.take(.assign(Register.result, -22))
        reader.take(.jump(1))
        reader.take(.assign(Register.result, -2))
        return reader.shape(.branchSnapshot)
    }
}
