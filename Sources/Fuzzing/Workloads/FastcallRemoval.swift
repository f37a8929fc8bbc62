import BPF
import KernelModel
import Patching

/// Removes unnecessary spills and fills around a call: stores of registers to the stack directly before it, and loads
/// of the same registers directly after it.
///
/// | jumps into the sequence | edits |
/// |---|---|
/// | none | one: the call alone replaces all |
/// | some | two: the stores are deleted, and the loads |
///
/// The kernel also requires that no other code uses these stack slots, that they are contiguous, and that each register
/// is saved once. It deletes the slots one by one.
///
/// The verifier knows the calls that write no register but `r0`. Here these are `get_smp_processor_id` and all kfuncs,
/// since compilers emit this sequence for no other call.
///
/// - Source: `mark_fastcall_patterns` and `remove_fastcall_spills_fills`, Linux 6.12; as one replacement: Nakryiko,
///   July 2024
struct FastcallRemoval: ~Copyable {
    private var targets = JumpTargets()

    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    mutating func write(_ draft: inout WorkloadDraft) {
        targets.load(draft.input)
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            let insn = unsafe draft.input.insns[slot]
            if insn.isFastCall {
                rewrite(slot, from: walk.homeStart, to: walk.homeEnd, &draft)
            }
        }
    }

    /// The number of registers that are saved around a call.
    static func savedCount(
        around call: Int, from start: Int, to end: Int, _ input: ProgramImage<InputIndex>
    ) -> Int {
        var count = 0
        while count < 5 && call - count - 1 >= start && call + count + 1 < end {
            if unsafe !isPair(input.insns[InputIndex(call - count - 1)], input.insns[InputIndex(call + count + 1)]) {
                break
            }
            count += 1
        }
        return count
    }

    /// Returns true if one instruction saves a register on the stack, and the other one restores it.
    static func isPair(_ save: Instruction, _ restore: Instruction) -> Bool {
        save.code == Opcode.storeDouble && save.dst == Register.frame
            && restore.code == Opcode.loadDouble && restore.src == Register.frame
            && save.src == restore.dst && save.off == restore.off && save.off < 0
            && RegisterEffect.arguments & RegisterEffect.bit(save.src) != 0
    }

    private func rewrite(_ slot: InputIndex, from start: Int, to end: Int, _ draft: inout WorkloadDraft) {
        let call = slot.position
        let count = FastcallRemoval.savedCount(around: call, from: start, to: end, draft.input)
        if count == 0 { return }
        let first = call - count
        let isEntered = (first + 1...call + count).contains { targets.contains(InputIndex($0)) }
        // If no instruction follows the loads, a jump to them would have no target.
        if isEntered && call + count + 1 >= end { return }
        if !draft.choice.takesNext() { return }
        if isEntered {
            draft.delete(InputIndex(first), count: count)
            draft.delete(slot + 1, count: count)
        } else {
            draft.replace(InputIndex(first), count: 2 * count + 1)
            unsafe draft.add(draft.input.insns[slot])
        }
    }
}

extension Instruction {
    /// True for a call that writes no register but `r0`.
    @inline(__always)
    var isFastCall: Bool {
        code == Opcode.call && (src == Opcode.pseudoKernelFunction || isCall(ofHelper: HelperNumber.processorID))
    }
}
