import BPF
import Fuzzing
import KernelModel
import Patching

/// Calls of helpers and kernel functions that are inlined, or take arguments that the program does not give.
///
/// - Source: 6.1 and 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups` and `fixup_kfunc_call`
enum CallShapes {
    /// Reads what stands for a call of a helper, other than a call; number by number until there are no more.
    static func helper(_ insn: Instruction, _ start: ShapeReader) -> Shape {
        switch insn.imm {
        case HelperNumber.mapLookup: return MapShapes.lookup(start)
        case HelperNumber.jiffies:
            var reader = start
            reader.takeAddress(to: Register.result)
            reader.take(.load(.double, Register.result, from: Register.result, 0))
            return reader.shape(.jiffies)
        case HelperNumber.processorID: return percpuLoad(.word, start)
        case HelperNumber.currentTask, HelperNumber.currentTaskBTF: return percpuLoad(.double, start)
        case HelperNumber.kptrExchange:
            var reader = start
            reader.take(.move(Register.result, Register.second))
            reader.take(
                Instruction(
                    code: MemorySize.double.rawValue | Opcode.atomicMode | Opcode.storeClass, dst: Register.first,
                    src: Register.result, imm: 0xe1))
            return reader.shape(.kptrExchange)
        case HelperNumber.timerSetCallback:
            var reader = start
            reader.takeAddress(to: Register.third)
            reader.take(anyImm: .callHelper(0))
            return reader.shape(.timerCallback, keep: 2)
        case HelperNumber.sockStorageGet, HelperNumber.inodeStorageGet, HelperNumber.taskStorageGet,
            HelperNumber.cgroupStorageGet:
            var reader = start
            reader.take(anyImm: .assign(5, 0))
            reader.take(anyImm: .callHelper(0))
            return reader.shape(.storageGet, keep: 1)
        case HelperNumber.percpuPointer, HelperNumber.thisPercpuPointer:
            var reader = start
            reader.take(.load(.double, Register.first, from: Register.first, 0))
            reader.take(anyImm: .callHelper(0))
            return reader.shape(.percpuPointer, keep: 1)
        case HelperNumber.tailCall:
            var reader = start
            reader.take(anyImm: .jump(2, if: 3, .greaterOrEqual, 0))
            reader.take(anyImm: .apply(.and, 3, 0, is64: false))
            reader.take(insn)
            return reader.shape(.tailCall, keep: 2)
        case HelperNumber.loop: return JumpShapes.loop(start)
        default: return TracingShapes.helper(insn, start)
        }
    }

    /// Something of this processor's own memory.
    private static func percpuLoad(_ size: MemorySize, _ start: ShapeReader) -> Shape {
        var reader = start
        if start.next.bits == Instruction.apply(.xor, 0, register: 0, is64: false).bits && size == .word {
            // With one processor there is nothing to ask.
            reader.take(.apply(.xor, 0, register: 0, is64: false))
            return reader.shape(.processorID)
        }
        reader.take(anyImm: .apply(.move, Register.result, 0, is64: start.next.code == Opcode.movImmediate64))
        reader.take(.percpuMove)
        reader.take(.load(size, Register.result, from: Register.result, 0))
        return reader.shape(.processorID)
    }
}
