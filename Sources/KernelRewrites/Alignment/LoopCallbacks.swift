import BPF
import Fuzzing
import Patching

extension Alignment {
    /// Says for each inlined `bpf_loop` which subprogram its call must reach: the one whose address was in `r2`.
    ///
    /// - Complexity: O(steps × slots up to the load of the address)
    func resolveCallbacks(
        _ input: ProgramImage<InputIndex>, _ fates: UnsafeTypedBuffer<InputIndex, SlotPrediction>,
        _ result: UnsafeTypedBuffer<OutputIndex, Instruction>,
        _ report: inout RewriteReport
    ) {
        for number in 0..<stepCount {
            var step = unsafe steps[TableIndex(number)]
            if step.kind != .shape || step.shape.rewrite != .loop { continue }
            let callbacks = LoopCallbacks(input: input, fates: fates)
            let callback = callbacks.loaded(before: step.slot)
            // That of a loop without a turn is gone, and the call leads nowhere.
            if case .removed = callback { continue }
            guard case .subprogram(let target) = callback else {
                unsafe report.gaps.append(
                    AlignmentGap(
                        reason: "the callback of a loop cannot be told", slot: step.slot.position,
                        place: step.place.position, expected: [input.insns[step.slot]], found: []))
                continue
            }
            step.shape.from = 12
            step.shape.target = target
            unsafe steps[TableIndex(number)] = step
        }
    }
}

/// Which callback a call of `bpf_loop` has, from what was last loaded.
struct LoopCallbacks {
    let input: ProgramImage<InputIndex>
    let fates: UnsafeTypedBuffer<InputIndex, SlotPrediction>

    /// What a call of `bpf_loop` has in `r2`.
    enum Callback {
        case subprogram(InputIndex)
        /// One that is removed; see ``DeadCallees``.
        case removed
        case unknown
    }

    /// The subprogram whose address is in `r2` at a call, found by going back over what stands.
    ///
    /// The address is the same on every way to the call, or the kernel would not have inlined it; so the way that is
    /// written down in front of it will do.
    ///
    /// - Complexity: O(slots)
    func loaded(before call: InputIndex) -> Callback {
        let home = unsafe input.subprograms[input.subprogram(holding: call)].start
        var register = Register.second
        var spilled: Int16?
        var slot = call
        while slot.rawValue > home {
            slot = slot + -1
            let insn = unsafe input.insns[slot]
            if unsafe fates[slot].isRemoved { continue }
            if let off = spilled {
                // A callback that was put aside on the stack.
                if insn.code == Opcode.storeDouble && insn.dst == Register.frame && insn.off == off {
                    register = insn.src
                    spilled = nil
                }
                continue
            }
            if insn.isWide && insn.dst == register {
                if insn.src == DeadCallees.chosen { return .removed }
                return insn.src == Opcode.pseudoFunction ? .subprogram(slot + 1 + Int(insn.imm)) : .unknown
            }
            if insn.code == Instruction.move(0, 0).code && insn.dst == register {
                register = insn.src
            } else if insn.code == Opcode.loadDouble && insn.dst == register && insn.src == Register.frame {
                spilled = insn.off
            }
        }
        return .unknown
    }
}
