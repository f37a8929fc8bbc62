import BPF
import Fuzzing
import Patching

/// Finds the number, wide load or call that a register at a call comes from, going back over the text.
///
/// The kernel inlines a call only if the address is the same on all paths to it, so the path of the text is enough.
struct RegisterOrigins {
    let input: ProgramImage<InputIndex>
    let predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>

    /// The subprogram whose address is in `r2` at a call of `bpf_loop`; `nil` if it is unknown.
    ///
    /// - Complexity: O(slots)
    func callback(ofCallAt call: InputIndex) -> InputIndex? {
        guard let load = wideLoad(of: Register.second, before: call, isStrict: false) else { return nil }
        let insn = unsafe input.insns[load]
        return insn.src == Opcode.pseudoFunction ? load + 1 + Int(insn.imm) : nil
    }

    /// The source of a register.
    enum Origin {
        /// The constant of a wide load.
        case load(InputIndex)
        /// The `imm` of a move.
        case number(InputIndex)
        /// The result of a call.
        case result(InputIndex)
    }

    /// The wide load whose constant is in a register at a call.
    ///
    /// - Parameter isStrict: true if another definition of the register ends the search
    /// - Complexity: O(slots)
    func wideLoad(of register: UInt8, before call: InputIndex, isStrict: Bool) -> InputIndex? {
        if case .load(let slot) = origin(of: register, before: call, isStrict: isStrict) { slot } else { nil }
    }

    /// The source of a register at a call; `nil` if it is unknown.
    ///
    /// - Parameter isStrict: true if another definition of the register ends the search
    /// - Complexity: O(slots)
    func origin(of register: UInt8, before call: InputIndex, isStrict: Bool) -> Origin? {
        let home = unsafe input.subprograms[input.subprogram(holding: call)].start
        var register = register
        var spilled: Int16?
        var slot = call
        while slot.rawValue > home {
            slot = slot + -1
            let insn = unsafe input.insns[slot]
            if unsafe predictions[slot].isRemoved || insn.code == 0 { continue }
            if isStrict && insn.endsFlow { return nil }
            if let off = spilled {
                // A register that was saved on the stack.
                if insn.code == Opcode.storeDouble && insn.dst == Register.frame && insn.off == off {
                    register = insn.src
                    spilled = nil
                }
                continue
            }
            if isStrict && register <= 5 && (insn.code == Opcode.call || insn.isPacketLoad) {
                return register == Register.result && insn.code == Opcode.call ? .result(slot) : nil
            }
            if insn.defined != register { continue }
            if insn.isWide { return .load(slot) }
            if isStrict && insn.code == Opcode.movImmediate64 { return .number(slot) }
            if insn.code == Instruction.move(0, 0).code {
                register = insn.src
            } else if insn.code == Opcode.loadDouble && insn.src == Register.frame {
                spilled = insn.off
            } else if isStrict {
                return nil
            }
        }
        return nil
    }
}
