import BPF
import Fuzzing
import Patching

/// Spills and fills around a call of which the kernel knows what it clobbers.
///
/// Rule ``KernelRule/fastcall``.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `mark_fastcall_pattern_for_call` and `remove_fastcall_spills_fills`
enum FastcallPattern {
    /// Whether a spill is the outermost of some pairs around a call: with every spill goes its fill.
    ///
    /// - Complexity: O(pairs)
    static func isThere(
        _ insns: UnsafeTypedBuffer<InputIndex, Instruction>,
        _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>,
        _ count: Int,
        spill: InputIndex,
        pairs: Int
    ) -> Bool {
        let call = spill + pairs
        if unsafe call.position + pairs >= count || insns[call].code != Opcode.call { return false }
        if unsafe insns[call].src == Opcode.pseudoCall || predictions[call].isRemoved { return false }
        var registers: UInt16 = 0
        for pair in 1...pairs {
            let (store, load) = unsafe (insns[call + -pair], insns[call + pair])
            if store.code != Opcode.storeDouble || load.code != Opcode.loadDouble { return false }
            if store.dst != Register.frame || load.src != Register.frame || store.src != load.dst { return false }
            if store.src > 5 || registers & (1 << UInt16(store.src)) != 0 { return false }
            registers |= 1 << UInt16(store.src)
            // The innermost is the lowest, and the others lie above it without a space.
            let offset = unsafe Int(insns[call + -1].off) + 8 * (pair - 1)
            if Int(store.off) != offset || Int(load.off) != offset { return false }
            if unsafe predictions[call + -pair].isRemoved || predictions[call + pair].isRemoved { return false }
        }
        return true
    }
}
