import BPF
import Patching

/// Replaces each call of `bpf_loop` with a known callback by a loop of 19 slots. Slot 12, counted from 0, calls the
/// callback by ref.
///
/// The callback is known if the last write to `r2`, in slot order, is a subprogram's address.
///
/// - Source: `inline_bpf_loop`, Linux 6.12
enum LoopInlining {
    static let helper: Int32 = 181
    /// `BPF_MAX_LOOPS`.
    private static let most: Int32 = 8 << 20
    /// The stack slots for `r6`, `r7` and `r8`, below the stack of the program.
    private static let kept: [3 of Int16] = [-536, -544, -552]

    /// Writes the pass.
    ///
    /// - Complexity: O(slots)
    static func write(_ draft: inout WorkloadDraft) {
        var walk = InstructionWalk(draft.input)
        var callbacks = LoopCallbacks()
        while let slot = walk.advance() {
            let insn = unsafe draft.input.insns[slot]
            let callback = callbacks.next(insn, at: slot, home: walk.home)
            if insn.isCall(ofHelper: helper), let callback, walk.hasNext, draft.replace(slot) {
                addLoop(over: callback, &draft)
            }
        }
    }

    private static func addLoop(over callback: InputIndex, _ draft: inout WorkloadDraft) {
        let (count, index, argument): (UInt8, UInt8, UInt8) = (6, 7, 8)
        // A count above the helper's limit is E2BIG.
        draft.jump(to: 3, if: Register.first, .less, most + 1)
        draft.add(.assign(Register.result, -7))
        draft.jump(to: 19)
        for number in 0..<3 {
            draft.add(.store(.double, to: Register.frame, kept[number], count + UInt8(number)))
        }
        draft.add(.assign(index, 0))
        draft.add(.move(count, Register.first))
        draft.add(.move(argument, Register.third))
        // Slot 9: the head of the loop.
        draft.jump(to: 15, if: index, .equal, register: count)
        draft.add(.move(Register.second, argument))
        draft.add(.move(Register.first, index))
        draft.add(Instruction(code: Opcode.call, src: Opcode.pseudoCall), to: callback)
        draft.add(.apply(.add, index, 1))
        draft.jump(to: 9, if: Register.result, .equal, 0)
        // Slot 15: the number of iterations.
        draft.add(.move(Register.result, index))
        for number in (0..<3).reversed() {
            draft.add(.load(.double, count + UInt8(number), from: Register.frame, kept[number]))
        }
    }
}

/// The callbacks of calls of `bpf_loop`, in a walk over a program.
struct LoopCallbacks {
    private var callback: InputIndex?
    private var home = 0

    /// Reads the next instruction, of the subprogram `home`.
    ///
    /// - Returns: the callback before it: the subprogram whose address the last write to `r2` loaded, or `nil`
    @inline(__always)
    mutating func next(_ insn: Instruction, at slot: InputIndex, home: Int) -> InputIndex? {
        if home != self.home { (self.home, callback) = (home, nil) }
        let known = callback
        if RegisterEffect(of: insn).written & RegisterEffect.bit(Register.second) != 0 {
            callback = insn.jumpKind == .function ? InputIndex(slot.position + 1 + insn.jumpOffset(.function)) : nil
        }
        return known
    }
}
