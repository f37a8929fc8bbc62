import BPF
import Fuzzing
import Patching

/// Finds out which slots a path leads to that can be taken.
final class Liveness {
    private let buffer = ProgramBuffer()
    private let reach = UncheckedBox(Reachability())

    /// Works it out for a program of whose conditions some are decided.
    ///
    /// A condition that is decided is looked at as the jump, or the nothing, that it amounts to.
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
