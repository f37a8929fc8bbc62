import BPF
import Patching

/// Takes away what saves registers around a call that needs none saved: stores to the stack right before it, and loads of
/// the same registers from the same places right behind.
///
/// | who jumps in between | edits |
/// |---|---|
/// | nobody | one: all of it becomes the call alone |
/// | somebody | two: the stores are deleted, and the loads |
///
/// The kernel also asks that nothing else uses these places of the stack, that they follow each other from the lowest one
/// on, and that each register is saved once; it deletes the slots one by one.
///
/// Which calls write no register but `r0` is known to the verifier; here it is `get_smp_processor_id`, and every kfunc, as
/// no compiler writes this around a call of another kind.
///
/// - Source: `mark_fastcall_patterns` and `remove_fastcall_spills_fills`, Linux 6.12; as one replacement: Nakryiko, July
///   2024
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
            if insn.code == Opcode.call && (insn.src == Opcode.pseudoKernelFunction || insn.isFastHelper) {
                rewrite(slot, from: walk.homeStart, to: walk.homeEnd, &draft)
            }
        }
    }

    /// How many registers are saved around a call.
    private func savedCount(
        around call: Int, from start: Int, to end: Int, _ input: ProgramImage<InputIndex>
    ) -> Int {
        var count = 0
        while count < 5 && call - count - 1 >= start && call + count + 1 < end {
            let save = unsafe input.insns[InputIndex(call - count - 1)]
            let restore = unsafe input.insns[InputIndex(call + count + 1)]
            let isPair =
                save.code == Opcode.storeDouble && save.dst == Register.frame
                && restore.code == Opcode.loadDouble && restore.src == Register.frame
                && save.src == restore.dst && save.off == restore.off && save.off < 0
                && RegisterEffect.arguments & RegisterEffect.bit(save.src) != 0
            if !isPair { break }
            count += 1
        }
        return count
    }

    private func rewrite(_ slot: InputIndex, from start: Int, to end: Int, _ draft: inout WorkloadDraft) {
        let call = slot.position
        let count = savedCount(around: call, from: start, to: end, draft.input)
        if count == 0 { return }
        let first = call - count
        let isEntered = (first + 1...call + count).contains { targets.contains(InputIndex($0)) }
        // Without something behind them, a jump to the loads would have nowhere to go.
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
    /// Whether this calls a helper that writes no register but `r0`.
    @inline(__always)
    fileprivate var isFastHelper: Bool { isCall(ofHelper: HelperInlining.Helper.processorNumber.rawValue) }
}
