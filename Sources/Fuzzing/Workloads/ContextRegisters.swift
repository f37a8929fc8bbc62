import BPF
import Patching

/// Which registers hold the program's context, slot by slot.
///
/// The verifier knows the type of every register on every path. Here `r1` holds the context where the program starts, and
/// where a subprogram starts if it does at each of its calls; moves pass it on, and where ways meet it must be there on
/// all of them. Slots are gone through in order, twice, so that the second time knows what loops bring: with loops in loops,
/// or calls backwards, a register may be taken to hold it for too long. What goes through the stack is lost.
struct ContextRegisters: ~Copyable {
    private var storage = Scratch<UInt16>()

    /// Works it out for a program.
    ///
    /// - Complexity: O(slots)
    mutating func load(_ input: ProgramImage<InputIndex>) {
        let count = input.insnCount
        storage.reserve(count + 1)
        let held = storage.buffer(as: InputIndex.self)
        // All ones stand for a slot that no way has reached yet.
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
                // Who calls it then, and with what, is not known.
                case .function: unsafe held[target] = 0
                default: unsafe held[target] &= after
                }
            }
        }
    }

    /// Whether a register holds the context before an instruction.
    @inline(__always)
    func holds(_ register: UInt8, at slot: InputIndex) -> Bool {
        let held = unsafe storage.buffer(as: InputIndex.self)[slot]
        return held != UInt16.max && held & RegisterEffect.bit(register) != 0
    }
}

extension Instruction {
    /// Whether this is `rD = rS` with all 64 bits and nothing else.
    @inline(__always)
    var isMove: Bool {
        code == Arithmetic.move.rawValue | Opcode.arithmeticClass | Opcode.registerOperand && off == 0
    }
}
