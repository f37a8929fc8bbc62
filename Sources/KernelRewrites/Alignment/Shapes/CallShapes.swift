import BPF
import Fuzzing
import Patching

/// Calls of helpers and kernel functions that are inlined, or take arguments that the program does not give.
///
/// - Source: 6.1 and 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups` and `fixup_kfunc_call`
enum CallShapes {
    /// The helpers that are rewritten, by their numbers.
    ///
    /// - Source: `include/uapi/linux/bpf.h`
    enum Helper {
        static let mapLookup: Int32 = 1
        static let processorID: Int32 = 8
        static let tailCall: Int32 = 12
        static let currentTask: Int32 = 35
        static let sockStorageGet: Int32 = 107
        static let jiffies: Int32 = 118
        static let inodeStorageGet: Int32 = 145
        static let percpuPointer: Int32 = 153
        static let thisPercpuPointer: Int32 = 154
        static let taskStorageGet: Int32 = 156
        static let currentTaskBTF: Int32 = 158
        static let timerSetCallback: Int32 = 170
        static let functionAddress: Int32 = 173
        static let branchSnapshot: Int32 = 176
        static let loop: Int32 = 181
        static let functionArgument: Int32 = 183
        static let functionResult: Int32 = 184
        static let functionArgumentCount: Int32 = 185
        static let kptrExchange: Int32 = 194
        static let cgroupStorageGet: Int32 = 210
    }

    /// Reads what stands for a call of a helper, other than a call; number by number until there are no more.
    static func helper(_ insn: Instruction, _ start: ShapeReader) -> Shape {
        switch insn.imm {
        case Helper.mapLookup: return MapShapes.lookup(start)
        case Helper.jiffies:
            var reader = start
            reader.takeAddress(to: Register.result)
            reader.take(.load(.double, Register.result, from: Register.result, 0))
            return reader.shape(.jiffies)
        case Helper.processorID: return percpuLoad(.word, start)
        case Helper.currentTask, Helper.currentTaskBTF: return percpuLoad(.double, start)
        case Helper.kptrExchange:
            var reader = start
            reader.take(.move(Register.result, Register.second))
            reader.take(
                Instruction(
                    code: MemorySize.double.rawValue | Opcode.atomicMode | Opcode.storeClass, dst: Register.first,
                    src: Register.result, imm: 0xe1))
            return reader.shape(.kptrExchange)
        case Helper.timerSetCallback:
            var reader = start
            reader.takeAddress(to: Register.third)
            reader.take(anyImm: .callHelper(0))
            return reader.shape(.timerCallback, keep: 2)
        case Helper.sockStorageGet, Helper.inodeStorageGet, Helper.taskStorageGet, Helper.cgroupStorageGet:
            var reader = start
            reader.take(anyImm: .assign(5, 0))
            reader.take(anyImm: .callHelper(0))
            return reader.shape(.storageGet, keep: 1)
        case Helper.percpuPointer, Helper.thisPercpuPointer:
            var reader = start
            reader.take(.load(.double, Register.first, from: Register.first, 0))
            reader.take(anyImm: .callHelper(0))
            return reader.shape(.percpuPointer, keep: 1)
        case Helper.tailCall:
            var reader = start
            reader.take(anyImm: .jump(2, if: 3, .greaterOrEqual, 0))
            reader.take(anyImm: .apply(.and, 3, 0, is64: false))
            reader.take(insn)
            return reader.shape(.tailCall, keep: 2)
        case Helper.loop: return JumpShapes.loop(start)
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
        reader.take(percpuMove)
        reader.take(.load(size, Register.result, from: Register.result, 0))
        return reader.shape(.processorID)
    }

    /// `r0 = r0` with `BPF_ADDR_PERCPU` in `off`: adds the start of this processor's own memory.
    static var percpuMove: Instruction {
        var move = Instruction.move(Register.result, Register.result)
        move.off = -1
        return move
    }
}
