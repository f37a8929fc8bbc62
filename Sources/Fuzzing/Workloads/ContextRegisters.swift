import BPF
import Patching

/// The registers that hold the program's context, for each slot.
///
/// The verifier knows the type of every register on every path. This analysis is simpler: `r1` holds the context at the
/// start of the program, and at the start of a subprogram if it does at all its calls. Moves copy it, and where paths
/// meet, it must be in the register on all of them. Two walks over the slots find the effect of loops; with nested
/// loops or backward calls the result may contain too many registers. Copies on the stack are ignored.
struct ContextRegisters: ~Copyable {
    private var storage = Scratch<UInt16>()

    /// Analyzes a program.
    ///
    /// - Complexity: O(slots)
    mutating func load(_ input: ProgramImage<InputIndex>) {
        let count = input.insnCount
        storage.reserve(count + 1)
        let held = storage.buffer(as: InputIndex.self)
        // All ones: no path has reached the slot yet.
        unsafe held.fill(count + 1, from: InputIndex(0), with: UInt16.max)
        unsafe held[InputIndex(0)] = RegisterEffect.bit(Register.first)
        for _ in 0..<2 {
            for slot in 0..<count where unsafe held[InputIndex(slot)] != UInt16.max {
                let index = InputIndex(slot)
                let insn = unsafe input.insns[index]
                let before = unsafe held[index]
                var after = before & ~RegisterEffect(of: insn).written
                if insn.isMove && before & RegisterEffect.bit(insn.src) != 0 { after |= RegisterEffect.bit(insn.dst) }
                if !insn.endsFlow { unsafe held[index + 1] &= after }
                let kind = insn.jumpKind
                if kind == .none { continue }
                let target = InputIndex(slot + 1 + insn.jumpOffset(kind))
                switch kind {
                case .call: unsafe held[target] &= before & RegisterEffect.arguments
                // The callers of an address, and their arguments, are unknown.
                case .function: unsafe held[target] = 0
                default: unsafe held[target] &= after
                }
            }
        }
    }

    /// Returns true if a register holds the context before an instruction.
    @inline(__always)
    func holds(_ register: UInt8, at slot: InputIndex) -> Bool {
        let held = unsafe storage.buffer(as: InputIndex.self)[slot]
        return held != UInt16.max && held & RegisterEffect.bit(register) != 0
    }
}

extension Instruction {
    /// True for a plain 64-bit move `rD = rS`.
    @inline(__always)
    var isMove: Bool {
        code == Arithmetic.move.rawValue | Opcode.arithmeticClass | Opcode.registerOperand && off == 0
    }
}
