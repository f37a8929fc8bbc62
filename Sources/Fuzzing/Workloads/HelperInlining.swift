import BPF
import KernelModel
import Patching

/// Replaces calls of small helpers by their bodies.
///
/// | helper | becomes |
/// |---|---|
/// | `map_lookup_elem` | 7 for an array, 3 for a hash table |
/// | `jiffies64`, `get_smp_processor_id`, `get_current_task`, `get_current_task_btf` | 3 |
/// | `kptr_xchg` | 2 |
/// | `get_func_arg` | 9 |
/// | `get_func_ret` | 7 |
/// | `get_func_arg_cnt`, `get_func_ip` | 1 |
/// | `get_branch_snapshot` | 11 |
/// | `timer_set_callback` | 3, the call last |
///
/// No instruction shows the kind of a map. Here maps with an even number in the last wide load to `r1` are arrays, the
/// others hash tables.
///
/// - Source: `do_misc_fixups`, for the lengths: Linux 6.12, of helpers for arguments the longest of the forms since
///   5.17, `get_current_task` 2026
struct HelperInlining {
    /// The map that `r1` was last loaded with.
    private var map: Int32 = 0

    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft) {
        var inlining = HelperInlining()
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() { inlining.rewrite(slot, hasNext: walk.hasNext, &draft) }
    }

    /// Rewrites one instruction if it is a call of such a helper.
    ///
    /// - Parameter hasNext: true if an instruction follows, so that a jump can leave the patch
    @inline(__always)
    mutating func rewrite(_ slot: InputIndex, hasNext: Bool, _ draft: inout WorkloadDraft) {
        let insn = unsafe draft.input.insns[slot]
        if insn.loadsMap(Register.first) { map = insn.imm }
        if insn.code != Opcode.call || insn.src != 0 { return }
        let helper = insn.imm
        guard Self.helpers.contains(helper), hasNext || !Self.isLeft(helper), draft.replace(slot) else { return }
        inline(helper, &draft)
    }

    /// The helpers that are inlined.
    static let helpers: [Int32] = [
        HelperNumber.mapLookup, HelperNumber.processorID, HelperNumber.currentTask, HelperNumber.jiffies,
        HelperNumber.currentTaskBTF, HelperNumber.timerSetCallback, HelperNumber.functionAddress,
        HelperNumber.branchSnapshot, HelperNumber.functionArgument, HelperNumber.functionResult,
        HelperNumber.functionArgumentCount, HelperNumber.kptrExchange,
    ]

    /// True if a jump leaves the patch of a helper.
    private static func isLeft(_ helper: Int32) -> Bool {
        switch helper {
        case HelperNumber.mapLookup, HelperNumber.branchSnapshot, HelperNumber.functionArgument: true
        default: false
        }
    }

    private func inline(_ helper: Int32, _ draft: inout WorkloadDraft) {
        let result = Register.result
        switch helper {
        case HelperNumber.mapLookup: if map & 1 == 0 { arrayLookup(&draft) } else { hashLookup(&draft) }
        case HelperNumber.jiffies:
            draft.addAddress(to: result)
            draft.add(.load(.double, result, from: result, 0))
        case HelperNumber.processorID, HelperNumber.currentTask, HelperNumber.currentTaskBTF:
            draft.add(.assign(result, draft.nextMarker()))
            // `rD = rS` with -1 in `off` adds the base of this CPU's per-CPU memory.
            var move = Instruction.move(result, result)
            move.off = -1
            draft.add(move)
            draft.add(.load(helper == HelperNumber.processorID ? .word : .double, result, from: result, 0))
        case HelperNumber.timerSetCallback:
            draft.addAddress(to: Register.third)
            draft.keep()
        case HelperNumber.functionAddress: draft.add(.load(.double, result, from: Register.first, -16))
        case HelperNumber.functionArgumentCount: draft.add(.load(.double, result, from: Register.first, -8))
        case HelperNumber.branchSnapshot: branchSnapshot(&draft)
        case HelperNumber.functionArgument: functionArgument(&draft)
        case HelperNumber.functionResult: functionResult(&draft)
        case HelperNumber.kptrExchange:
            draft.add(.move(result, Register.second))
            draft.add(
                Instruction(
                    code: MemorySize.double.rawValue | Opcode.atomicMode | Opcode.storeClass, dst: Register.first,
                    src: result, imm: RegisterEffect.exchange))
        default: break
        }
    }

    /// 7: the address of the entry, or 0 for an index that is too large.
    private func arrayLookup(_ draft: inout WorkloadDraft) {
        draft.add(.load(.word, Register.third, from: Register.second, 0))
        draft.jump(to: 4, if: Register.third, .less, draft.nextMarker())
        draft.add(.assign(Register.result, 0))
        draft.jump(to: 7)
        draft.add(.apply(.multiply, Register.third, 8))
        draft.add(.move(Register.result, Register.third))
        draft.add(.apply(.add, Register.result, register: Register.first))
    }

    /// 3: a call of the table's look-up, then from the entry to its value.
    private func hashLookup(_ draft: inout WorkloadDraft) {
        draft.add(.callHelper(draft.nextMarker()))
        draft.jump(to: 3, if: Register.result, .equal, 0)
        draft.add(.apply(.add, Register.result, 56))
    }

    /// 9: stores argument number `r2` of the traced function through `r3`.
    private func functionArgument(_ draft: inout WorkloadDraft) {
        draft.add(.load(.double, Register.result, from: Register.first, -8))
        draft.jump(to: 4, if: Register.second, .less, register: Register.result)
        draft.add(.assign(Register.result, -22))
        draft.jump(to: 9)
        draft.add(.apply(.shiftLeft, Register.second, 3))
        draft.add(.apply(.add, Register.second, register: Register.first))
        draft.add(.load(.double, Register.result, from: Register.second, 0))
        draft.add(.store(.double, to: Register.third, 0, Register.result))
        draft.add(.assign(Register.result, 0))
    }

    /// 7: stores the return value of the traced function, which follows its arguments, through `r2`.
    private func functionResult(_ draft: inout WorkloadDraft) {
        draft.add(.load(.double, Register.third, from: Register.first, -8))
        draft.add(.apply(.and, Register.third, 15))
        draft.add(.apply(.shiftLeft, Register.third, 3))
        draft.add(.apply(.add, Register.third, register: Register.first))
        draft.add(.load(.double, Register.third, from: Register.third, 0))
        draft.add(.store(.double, to: Register.second, 0, Register.third))
        draft.add(.assign(Register.result, 0))
    }

    /// 11: requests whole entries of 24 bytes, and returns the number of bytes.
    private func branchSnapshot(_ draft: inout WorkloadDraft) {
        draft.jump(to: 10, if: Register.third, .notEqual, 0)
        draft.add(.apply(.shiftRight, Register.second, 3, is64: false))
        draft.add(.apply(.divide, Register.second, 3, is64: false))
        draft.add(.callHelper(draft.nextMarker()))
        draft.jump(to: 8, if: Register.result, .equal, 0)
        draft.add(.apply(.multiply, Register.result, 3))
        draft.add(.apply(.shiftLeft, Register.result, 3))
        draft.jump(to: 11)
        draft.add(.assign(Register.result, -2))
        draft.jump(to: 11)
        draft.add(.assign(Register.result, -22))
    }
}
