import BPF
import Patching

/// Replaces calls of `bpf_loop` with one known callback by the kernel's loop, with its registers and stack slots.
///
/// The loop saves three registers below the stack of its subprogram. The verifier knows the depth of that stack; here it
/// is drawn for each subprogram, and rounded up to 8 bytes. Calls that are not chosen have another flag or callback on
/// some path.
///
/// - Source: `optimize_bpf_loop` and `inline_bpf_loop`, Linux 6.12
enum LoopExpansion {
    /// The length of the patch.
    private static let length = 19
    /// The slot of the patch that calls the callback, by ref.
    private static let call = 12
    /// `BPF_MAX_LOOPS`.
    private static let mostRounds: Int32 = 8 << 20
    /// The size of the three saved registers.
    private static let saved = 24
    /// The largest stack of a subprogram.
    private static let deepest = 512

    /// Writes the pass.
    ///
    /// - Complexity: O(slots × log subprograms)
    static func write(_ draft: inout WorkloadDraft) {
        var walk = InstructionWalk(draft.input)
        var callbacks = LoopCallbacks()
        while let slot = walk.advance() {
            let insn = unsafe draft.input.insns[slot]
            let callback = callbacks.next(insn, at: slot, home: walk.home)
            guard insn.isCall(ofHelper: LoopInlining.helper), walk.hasNext, let callback,
                isStart(callback, draft.input), draft.replace(slot)
            else { continue }
            let base = base(ofSubprogram: walk.home, draft.input)
            for number in 0..<length {
                let insn = self.insn(number, base: base)
                if number == call { draft.add(insn, to: callback) } else { draft.add(insn) }
            }
        }
    }

    /// The offset of the lowest saved register of a subprogram: any multiple of 8 that is possible.
    private static func base(ofSubprogram number: Int, _ input: ProgramImage<InputIndex>) -> Int16 {
        Int16(-saved - (number &* 11 &+ input.insnCount) % (deepest / 8 + 1) * 8)
    }

    /// A slot of the patch.
    private static func insn(_ slot: Int, base: Int16) -> Instruction {
        let (count, index, argument): (UInt8, UInt8, UInt8) = (6, 7, 8)
        return switch slot {
        case 0: .jump(2, if: Register.first, .lessOrEqual, mostRounds)
        case 1: .apply(.move, Register.result, -7, is64: false)
        case 2: .jump(16)
        case 3...5: .store(.double, to: Register.frame, base + 8 * Int16(slot - 3), count + UInt8(slot - 3))
        case 6: .move(count, Register.first)
        case 7: .apply(.move, index, 0, is64: false)
        case 8: .move(argument, Register.third)
        // The head of the loop.
        case 9: .jump(5, if: index, .greaterOrEqual, register: count)
        case 10: .move(Register.first, index)
        case 11: .move(Register.second, argument)
        case call: Instruction(code: Opcode.call, src: Opcode.pseudoCall)
        case 13: .apply(.add, index, 1)
        case 14: .jump(-6, if: Register.result, .equal, 0)
        case 15: .move(Register.result, index)
        default: .load(.double, count + UInt8(slot - 16), from: Register.frame, base + 8 * Int16(slot - 16))
        }
    }

    /// Returns true if a slot is the first of a subprogram.
    ///
    /// - Complexity: O(log subprograms)
    private static func isStart(_ slot: InputIndex, _ input: ProgramImage<InputIndex>) -> Bool {
        var (low, high) = (0, input.subprogramCount)
        while low < high {
            let middle = (low + high) / 2
            if unsafe Int(input.subprograms[TableIndex(middle)].start) < slot.position {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return unsafe low < input.subprogramCount && Int(input.subprograms[TableIndex(low)].start) == slot.position
    }

    // MARK: Matching

    /// Returns true if the pass makes these edits: each is the loop of a call of `bpf_loop`, and all loops of a
    /// subprogram have the same stack slots.
    ///
    /// - Complexity: O(edits × log subprograms + subprograms)
    static func matches(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> Bool {
        var (home, base) = (0, Int16(0))
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            guard edit.off.position < input.insnCount, edit.remove == 1, edit.patchCount == length,
                edit.keep == EditRecord.noKeep, edit.refCount == 1,
                unsafe input.insns[edit.off].isCall(ofHelper: LoopInlining.helper)
            else { return false }
            while input.end(of: TableIndex(home)) <= edit.off.position { (home, base) = (home + 1, 0) }
            let patch = pass.patch(of: edit)
            let own = unsafe patch[PatchIndex(3)].off
            if own > -saved || own < -saved - deepest || own % 8 != 0 || (base != 0 && own != base) { return false }
            base = own
            guard let callback = pass.target(of: PatchIndex(call), in: edit), isStart(callback, input) else {
                return false
            }
            for slot in 0..<length {
                var insn = unsafe patch[PatchIndex(slot)]
                // The offset of a call by ref is a placeholder.
                if slot == call { insn.imm = 0 }
                if insn != self.insn(slot, base: base) { return false }
            }
        }
        return true
    }
}
