import BPF
import Patching

/// Replaces each slot of unreachable code by a jump to itself.
///
/// The kernel does so for programs of users without privileges, in place of removing the code. Here two programs in three
/// have no edits, so that the passes that follow have more to do.
///
/// - Source: `sanitize_dead_code`, Linux 6.12
enum Sanitizing {
    /// Writes the pass.
    ///
    /// - Complexity: O(slots × log subprograms)
    static func write(_ draft: inout WorkloadDraft, _ reach: inout Reachability) {
        if draft.input.insnCount % 3 != 0 { return }
        DeadCode.choose(&draft, &reach)
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() {
            if reach.isReached(slot) { continue }
            let width = unsafe draft.input.insns[slot].width
            draft.replace(slot, count: width)
            for _ in 0..<width { draft.add(.jump(-1)) }
        }
    }
}
