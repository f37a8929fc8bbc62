import BPF
import Patching

/// Foretells which slots of a program the kernel removes or hard-wires, from what the verifier saw.
///
/// This is not guessed from the result: a live instruction that is missing there, or a dead one that is left, is a finding.
///
/// Rules ``KernelRule/removedRun``, ``KernelRule/hardWiring``, ``KernelRule/hardWiringOrder``, ``KernelRule/nop``,
/// ``KernelRule/nopOnce`` and ``KernelRule/mayGotoNop``.
///
/// - Source: 6.12 `kernel/bpf/verifier.c`, `bpf_check`: `opt_hard_wire_dead_code_branches`, `opt_remove_dead_code`,
///   `opt_remove_nops`, in this order
struct DeadCodePrediction: ~Copyable {
    private var storage = Scratch<SlotPrediction>()

    /// The prediction of each slot; after the program, one slot that is kept.
    var row: UnsafeTypedBuffer<InputIndex, SlotPrediction> { storage.buffer() }

    /// Works out the predictions of a well-formed program.
    ///
    /// - Parameters:
    ///   - live: whether the verifier saw each slot
    ///   - removesMayGoto: whether `may_goto +0` is a nop too
    /// - Complexity: O(slots + subprograms)
    mutating func compute(
        _ input: ProgramImage<InputIndex>, live: [Bool], removesMayGoto: Bool
    ) {
        storage.reserve(input.insnCount + 1)
        let walk = Walk(
            insns: input.insns, count: input.insnCount, predictions: storage.buffer(), removesMayGoto: removesMayGoto)
        walk.hardWire(live)
        walk.removeNops()
        walk.markEntries(input)
    }

    private struct Walk {
        let insns: UnsafeTypedBuffer<InputIndex, Instruction>
        let count: Int
        let predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
        let removesMayGoto: Bool

        /// Kills what was not seen, and decides conditional jumps of which one side was not.
        func hardWire(_ live: [Bool]) {
            let predictions = self.predictions
            var slot = InputIndex(0)
            for isLive in live {
                unsafe predictions[slot] = isLive ? .stands : .dead
                slot = slot + 1
            }
            unsafe predictions[InputIndex(count)] = .stands
            for number in 0..<count {
                let at = InputIndex(number)
                if unsafe !insns[at].isConditional || predictions[at] == .dead { continue }
                // The fall-through is asked first: with both sides dead, the jump is taken.
                if unsafe number + 1 < count && predictions[at + 1] == .dead {
                    unsafe predictions[at] = .alwaysTaken
                } else if unsafe predictions[target(of: at)] == .dead {
                    unsafe predictions[at] = .neverTaken
                }
            }
        }

        /// Where a jump with 16 bits leads.
        private func target(of at: InputIndex) -> InputIndex { unsafe InputIndex(at.position + 1 + Int(insns[at].off)) }

        /// Removes jumps over nothing in the order in which the kernel looks at them.
        ///
        /// A `ja` that becomes one when a nop behind it goes is not looked at again, unless the nop was a `may_goto`.
        func removeNops() {
            for number in 0..<count {
                var at = InputIndex(number)
                if unsafe !insns[at].isShortJump || predictions[at].isRemoved || !isNop(at) { continue }
                while true {
                    let isMayGoto = unsafe predictions[at] == .stands && insns[at].code == Opcode.mayGoto
                    unsafe predictions[at] = .nop
                    guard isMayGoto, let previous = standing(before: at), isNop(previous) else { break }
                    at = previous
                }
            }
        }

        /// Whether an instruction that stands is a nop at this moment.
        private func isNop(_ at: InputIndex) -> Bool {
            let insn = unsafe insns[at]
            switch unsafe predictions[at] {
            case .neverTaken: return true
            case .alwaysTaken: break
            default:
                if insn.code != Opcode.ja && !(removesMayGoto && insn.code == Opcode.mayGoto) { return false }
                // Anything in the other fields, and it is not the kernel's nop.
                if insn.registers != 0 || insn.imm != 0 { return false }
            }
            let target = target(of: at)
            if target <= at { return false }
            var next = at + 1
            while unsafe next < target && predictions[next].isRemoved { next = next + 1 }
            return next == target
        }

        private func standing(before at: InputIndex) -> InputIndex? {
            var slot = at
            while slot.position > 0 {
                slot = slot + -1
                if unsafe !predictions[slot].isRemoved { return slot }
            }
            return nil
        }

        /// Marks where subprograms start that still stand, and whether a `may_goto` counts in them.
        func markEntries(_ input: ProgramImage<InputIndex>) {
            for number in 0..<input.subprogramCount {
                let end = input.end(of: TableIndex(number))
                var slot = unsafe Int(input.subprograms[TableIndex(number)].start)
                while unsafe slot < end && predictions[InputIndex(slot)].isRemoved { slot += 1 }
                if slot == end { continue }
                var flags = SlotPrediction.entry
                for counted in slot..<end where unsafe insns[InputIndex(counted)].code == Opcode.mayGoto {
                    if unsafe predictions[InputIndex(counted)] == .stands { flags |= SlotPrediction.countedEntry }
                }
                unsafe predictions[InputIndex(slot)].bits |= flags
            }
        }
    }
}

extension Instruction {
    /// Whether `opt_hard_wire_dead_code_branches` looks at it: a jump with two sides.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `insn_is_cond_jump`
    @inline(__always)
    var isConditional: Bool { isShortJump && code != Opcode.ja }

    /// Whether it is a jump with 16 bits in `off`.
    @inline(__always)
    var isShortJump: Bool {
        if code & 7 != Opcode.jumpClass && code & 7 != Opcode.jump32Class { return false }
        return jumpKind == .short
    }
}
