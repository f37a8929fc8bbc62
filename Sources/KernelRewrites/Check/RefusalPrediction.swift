import BPF
import KernelModel

/// The refusals that known faults of kernels predict for one program.
///
/// The verifier reports the same line for several causes. A known fault explains a refusal only if the program has the
/// property that triggers the fault.
package struct RefusalPrediction {
    private let program: Program
    private let live: [Bool]

    /// - Parameter live: for each slot, true if the verifier saw it
    package init(_ program: LoadableProgram, live: [Bool]) {
        self.program = program.program
        self.live = live
    }

    /// Returns true if a known fault predicts a bucket for the program, and `nil` if no known fault has the bucket.
    ///
    /// - Complexity: O(slots)
    package func predicts(_ bucket: String) -> Bool? {
        switch bucket {
        case "kernel/error/verifier-bug/no-program-to-jit-at-insn", "kernel/error/verifier-bug/bad-address":
            startsWithBackwardCall || loadsRemovedFunction
        case "kernel/error/verifier-bug/backtracking-misuse": callsLoop
        default: nil
        }
    }

    /// True if the first instruction of a subprogram with `may_goto` is a backward call or a backward pseudo function.
    ///
    /// The kernel inserts the counter of `may_goto` before that instruction and does not adjust its offset. Removed
    /// code before it does not count.
    ///
    /// - Source: 67a3b916a7ae "bpf: Adjust pc-relative insn copied into its own patch"
    private var startsWithBackwardCall: Bool {
        let insns = program.insns
        for (number, subprogram) in program.subprograms.enumerated() {
            let isLast = number + 1 == program.subprograms.count
            let slots = Int(subprogram.start)..<(isLast ? insns.count : Int(program.subprograms[number + 1].start))
            guard slots.contains(where: { live[$0] && insns[$0].code == Opcode.mayGoto }) else { continue }
            // A jump before the call may become a nop, which is removed.
            guard let first = slots.first(where: { live[$0] && !insns[$0].jumpKind.isJump }) else { continue }
            let kind = insns[first].jumpKind
            if (kind == .call || kind == .function) && insns[first].imm < 0 { return true }
        }
        return false
    }

    /// True if the program loads the address of a subprogram that the verifier never saw, and so removed.
    private var loadsRemovedFunction: Bool {
        program.insns.indices.contains { slot in
            let insn = program.insns[slot]
            if insn.jumpKind != .function || !live[slot] { return false }
            let target = slot + 1 + Int(insn.imm)
            return live.indices.contains(target) && !live[target]
        }
    }

    private var callsLoop: Bool {
        program.insns.indices.contains { live[$0] && program.insns[$0] == .callHelper(HelperNumber.loop) }
    }
}
