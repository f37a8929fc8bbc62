import BPF
import Patching

/// Replaces the spills before a call that clobbers no other register, and the fills after it, by `goto +0`.
///
/// The verifier finds these calls, and the stack slots that no other code uses. Here each of these calls with stores
/// before it and loads of the same slots after it may be one.
///
/// - Source: `mark_fastcall_patterns` and `remove_fastcall_spills_fills`, Linux 6.12
enum SpillsAndFills {
    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft) {
        let input = draft.input
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            if unsafe !input.insns[slot].isFastCall { continue }
            let call = slot.position
            var count = FastcallRemoval.savedCount(around: call, from: walk.homeStart, to: walk.homeEnd, input)
            // A jump to the next instruction needs one.
            if call + count + 1 >= walk.homeEnd { count -= 1 }
            if count <= 0 || !draft.choice.takesNext() { continue }
            for other in call - count...call + count where other != call {
                draft.replace(InputIndex(other), count: 1)
                draft.add(.jump(0))
            }
        }
    }

    /// Returns true if the pass makes these edits.
    ///
    /// - Complexity: O(slots × log edits)
    static func matches(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            if edit.remove != 1 || edit.patchCount != 1 || edit.keep != EditRecord.noKeep { return false }
            if unsafe edit.refCount > 0 || pass.patch(of: edit)[PatchIndex(0)] != .jump(0) { return false }
        }
        var explained = 0
        var walk = InstructionWalk(input)
        while let slot = walk.advance() {
            if unsafe !input.insns[slot].isFastCall { continue }
            let call = slot.position
            let most = FastcallRemoval.savedCount(around: call, from: walk.homeStart, to: walk.homeEnd, input)
            var count = 0
            while count < most, KernelPassMatcher.edit(at: InputIndex(call - count - 1), in: pass) != nil,
                KernelPassMatcher.edit(at: InputIndex(call + count + 1), in: pass) != nil
            { count += 1 }
            explained += 2 * count
        }
        return explained == pass.editCount
    }
}
