import BPF
import Patching

/// Addresses of subprograms that were removed because nothing can call them, as a callback of a loop without a turn.
///
/// They are never called, and lead to what the removal left behind them: when the subprogram is the first thing of a removed
/// run, to what follows the run, and else as many slots behind that as the subprogram is behind the start of the run.
///
/// - Source: 6.12 `kernel/bpf/core.c`, `bpf_adj_delta_to_imm`: a target inside of what is removed is left as it is
enum DeadCallees {
    /// Lets calls and pseudo functions that stand lead to where the kernel lets them.
    ///
    /// - Complexity: O(slots), and for each such call the length of the run
    static func retarget(_ input: ProgramImage<InputIndex>, _ fates: Row<InputIndex, Fate>) {
        // A call of what is removed is rare; whether there is anything to call is cheap to see.
        let hasDead = (1..<max(input.subprogramCount, 1)).contains { number in
            fates[InputIndex(rawValue: input.subprograms[TableIndex(number)].start)] == .dead
        }
        if !hasDead { return }
        for number in 0..<input.insnCount {
            let slot = InputIndex(number)
            let kind = input.insns[slot].jumpKind
            if !kind.isCall || fates[slot].isRemoved { continue }
            let target = InputIndex(number + 1 + input.insns[slot].jumpOffset(kind))
            if fates[target] != .dead { continue }
            var end = target
            while end.position < input.insnCount && fates[end] == .dead { end = end + 1 }
            var start = target
            while start.position > 0 && fates[start + -1] == .dead { start = start + -1 }
            let landing = end.position + (target - start)
            if landing >= input.insnCount { continue }
            let home = input.subprograms[input.subprogram(holding: InputIndex(landing))].start
            // Anywhere else, and the kernel refuses the program.
            if start == target || Int(home) == landing {
                _ = input.insns[slot].setJumpOffset(Int(home) - number - 1, kind)
            }
        }
    }
}
