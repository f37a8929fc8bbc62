import BPF
import Fuzzing
import Patching

/// Finds the slots that can be reached.
final class Liveness {
    private let buffer = ProgramBuffer()
    private let reach = UncheckedBox(Reachability())

    /// Finds the reachable slots of a program with decided conditions.
    ///
    /// A decided condition counts as a jump or as a nop.
    ///
    /// - Complexity: O(slots × log subprograms)
    func live(_ program: Program, _ verdicts: [(slot: Int, verdict: ProgramDraft.Verdict)]) -> [Bool] {
        buffer.load(program)
        let image = buffer.image(as: InputIndex.self)
        for (slot, verdict) in verdicts {
            let index = InputIndex(slot)
            switch verdict {
            case .always: unsafe image.insns[index] = Instruction(code: Opcode.ja, off: image.insns[index].off)
            case .never: unsafe image.insns[index] = Instruction(code: Opcode.ja)
            case .leaves: unsafe image.insns[index] = Instruction(code: Opcode.exit)
            }
        }
        unsafe reach.value.load(image)
        let count = image.insnCount
        return unsafe [Bool](unsafeUninitializedCapacity: count) { memory, filled in
            for slot in 0..<count { unsafe memory[slot] = reach.value.isReached(InputIndex(slot)) }
            filled = count
        }
    }
}
