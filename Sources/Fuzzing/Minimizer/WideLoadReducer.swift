import BPF
import Patching

/// Replaces wide loads of numbers and addresses of maps by moves, which have one slot.
///
/// ``SlotReducer`` removes a wide load only as a whole, with its line record.
package struct WideLoadReducer: Reducer {
    package let name = "wide loads"

    package init() {}

    package func minimize(_ minimization: Minimization) {
        for slot in minimization.best.program.insns.indices.reversed() {
            let insns = minimization.best.program.insns
            // A success moves only the slots after it.
            if slot + 1 >= insns.count || !insns[slot].isWide || insns[slot].jumpKind != .none { continue }
            let move = Instruction(code: Opcode.movImmediate64, dst: insns[slot].dst, imm: Int32(slot + 1))
            _ = minimization.attempt { c in
                for slot in [slot, slot + 1] { c.program.insns[slot] = move }
                SlotRemover(c.program, removing: { $0 == slot + 1 }).apply(to: &c)
                c.shiftLaterPasses(without: slot + 1..<slot + 2)
            }
        }
    }
}
