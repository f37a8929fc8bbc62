import BPF
import Fuzzing
import Patching

/// Addresses of subprograms that are removed because the verifier never looked at them, as the callback of a `bpf_loop`
/// without a turn: the load of the address stays, and leads to something else or nowhere.
///
/// Rule ``KernelRule/deadCallee``.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`: `check_helper_call` looks at the callback of a loop only while it may take another
///   turn, `opt_remove_dead_code` then removes it, and nothing looks at the loads
enum DeadCallees {
    /// `src_reg` of a wide load whose constant the kernel chooses; so that these are taken for what they have become.
    static let chosen: UInt8 = 3

    /// Makes wide loads of such addresses ones of any constant, and reports the first, with its slot for a place.
    ///
    /// - Complexity: O(subprograms), and O(slots) where one is removed
    static func release(
        _ input: ProgramImage<InputIndex>, _ fates: UnsafeTypedBuffer<InputIndex, SlotPrediction>,
        _ report: inout RewriteReport
    ) {
        // Whether there is anything to call is cheap to see.
        let hasDead = (1..<max(input.subprogramCount, 1)).contains { number in
            unsafe fates[InputIndex(rawValue: input.subprograms[TableIndex(number)].start)] == .dead
        }
        if !hasDead { return }
        var isReported = false
        for number in 0..<input.insnCount {
            let slot = InputIndex(number)
            let insn = unsafe input.insns[slot]
            if unsafe insn.jumpKind != .function || fates[slot].isRemoved { continue }
            let target = number + 1 + Int(insn.imm)
            if unsafe fates[InputIndex(target)] != .dead { continue }
            unsafe input.insns[slot].src = chosen
            if isReported { continue }
            isReported = true
            report.removedTarget =
                (0..<input.subprogramCount).map { unsafe input.subprograms[TableIndex($0)] }
                .first { Int($0.start) == target }?.id
            report.findings.append(
                Finding(
                    removedTargetOf: "pseudo-func-" + (insn.imm >= 0 ? "forward" : "backward"), place: number,
                    detail:
                        "slot \(number) of the program loads the address of the subprogram at \(target), which is removed"
                ))
        }
    }
}
