import BPF
import Patching

/// Turns each `may_goto` into a counter on the stack, which is set at the start of the subprogram.
///
/// | instruction | becomes |
/// |---|---|
/// | `may_goto` | 4 in programs with an even number of slots: counts down, and jumps by ref at 0 |
/// | | 7 in the others: also calls a function that reads the clock; a kernel has one of the two forms |
/// | the first instruction of such a subprogram | 2 or 3, itself last; jumps to it skip the others |
///
/// The last row is a separate pass: a `may_goto` can be the first instruction, and two edits cannot start at one slot.
///
/// - Source: `do_misc_fixups`, Linux 6.12; with the clock 6.15
enum MayGotoExpansion {
    /// The stack slot of the counter, below the stack of the program.
    static let counter: Int16 = -520
    private static let clock: Int16 = -528

    /// Writes the pass that expands.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft) {
        var walk = InstructionWalk(draft.input)
        while let slot = walk.advance() { rewrite(slot, &draft) }
    }

    /// Rewrites one instruction if it is a `may_goto`.
    @inline(__always)
    static func rewrite(_ slot: InputIndex, _ draft: inout WorkloadDraft) {
        let insn = unsafe draft.input.insns[slot]
        if insn.code != Opcode.mayGoto || !draft.replace(slot) { return }
        let isTimed = draft.input.insnCount & 1 != 0
        let hidden = Register.hidden
        draft.add(.load(.double, hidden, from: Register.frame, counter))
        draft.add(
            Instruction(code: Condition.equal.rawValue | Opcode.jumpClass, dst: hidden),
            to: InputIndex(slot.position + 1 + Int(insn.off)))
        draft.add(.apply(.subtract, hidden, 1))
        if isTimed {
            draft.jump(to: 6, if: hidden, .notEqual, 0)
            draft.add(.assign(hidden, Int32(counter)))
            draft.add(.callHelper(draft.nextMarker()))
        }
        draft.add(.store(.double, to: Register.frame, counter, hidden))
    }

    /// Writes the pass that sets counters, in subprograms that load one.
    ///
    /// - Complexity: O(slots)
    static func writeCounters(_ draft: inout WorkloadDraft) {
        var walk = InstructionWalk(draft.input)
        var done = -1
        while let slot = walk.advance() {
            let insn = unsafe draft.input.insns[slot]
            if insn.code != Opcode.loadDouble || insn.dst != Register.hidden || insn.off != counter { continue }
            if walk.home == done { continue }
            done = walk.home
            if !draft.insertBehindJumps(to: InputIndex(walk.homeStart)) { continue }
            draft.add(store(to: counter, draft.nextMarker()))
            // The form with the clock stores later.
            let last = slot + 3
            let isTimed = unsafe last.position < walk.homeEnd && draft.input.insns[last].code != Opcode.storeDouble
            if isTimed { draft.add(store(to: clock, 0)) }
        }
    }

    /// `*(u64 *)(r10 + off) = imm`.
    private static func store(to off: Int16, _ imm: Int32) -> Instruction {
        Instruction(
            code: MemorySize.double.rawValue | Opcode.memoryMode | Opcode.storeImmediateClass, dst: Register.frame,
            off: off, imm: imm)
    }
}
