import BPF
import Fuzzing
import Patching

/// Loads of the address of a subprogram that is removed because the verifier never saw it, as the callback of a `bpf_loop`
/// without a turn: the load stays, and the removal leaves it with another address.
///
/// Rule ``KernelRule/deadCallee``.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`: `check_helper_call` looks at the callback of a loop only while it may take another
///   turn, and `opt_remove_dead_code` then removes it; `core.c`: `bpf_adj_branches`
struct RemovedTargets {
    /// The program with the addresses that the loads then have; the addresses before are in ``loads``.
    private(set) var program: Program
    /// The loads, with the removed subprogram of each.
    private(set) var loads: [(slot: InputIndex, target: Int)] = []

    /// Finds the loads; `nil` if there are none.
    ///
    /// - Complexity: O(subprograms), and O(slots) where one is removed
    init?(_ program: Program, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>) {
        // A removed subprogram is cheap to see.
        let hasDead = program.subprograms.dropFirst().contains {
            unsafe predictions[InputIndex(rawValue: $0.start)].kind == .dead
        }
        if !hasDead { return nil }
        self.program = program
        for (number, insn) in program.insns.enumerated() where insn.jumpKind == .function {
            let slot = InputIndex(number)
            let target = number + 1 + Int(insn.imm)
            if unsafe predictions[slot].isRemoved || predictions[InputIndex(target)].kind != .dead { continue }
            loads.append((slot, target))
            let landing = Self.landing(of: target, predictions, count: program.insns.count)
            // Elsewhere than at a subprogram, no kernel loads the program.
            if !program.subprograms.contains(where: { Int($0.start) == landing }) { continue }
            self.program.insns[number].imm = Int32(truncatingIfNeeded: landing - number - 1)
        }
        if loads.isEmpty { return nil }
    }

    /// The slot that something reaches after the removals, if it reached a dead one.
    ///
    /// A removal moves the first slot of a run to the slot after the run, and one inside of it as far beyond that.
    private static func landing(
        of target: Int, _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>, count: Int
    ) -> Int {
        var at = target
        while unsafe at < count && predictions[InputIndex(at)].kind == .dead {
            var (start, end) = (at, at)
            while unsafe start > 0 && predictions[InputIndex(start - 1)].kind == .dead { start -= 1 }
            while unsafe end < count && predictions[InputIndex(end)].kind == .dead { end += 1 }
            at = end + (at - start)
        }
        // Nops are removed one by one.
        while unsafe at < count && predictions[InputIndex(at)].isRemoved { at += 1 }
        return at
    }
}
