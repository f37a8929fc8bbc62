import BPF
import Fuzzing

extension ProgramDraft {
    /// The range of a jump with 16 bits.
    private static let reach = Int(Int16.max)

    /// Writes the body of a function longer than the range of 16-bit jumps. Few of its instructions are rewritten,
    /// since the kernel moves all following ones for each.
    mutating func writeFarBody(until end: Int) {
        let rewritten = fragments.subtracting(.base).intersection(.cheap)
        // The growth after which a jump is out of range; some programs cannot grow at all.
        farSlack = draws.chance(1, of: 4) ? draws.below(8) : 600 + draws.below(1000)
        var rewrites = 24
        farWay = -1
        let head = count
        if !isRunnable && plan.hasCycles && plan.hasMayGoto && plan.fragments.has(.longGoto) { writeFarHead() }
        while draws.begin(.fragment, if: count < end) {
            border()
            defer { draws.end() }
            switch draws.below(256) {
            case 0: writeUndecided(.far)
            case 1: writeGoto(Opcode.ja)
            case 2 where plan.fragments.has(.longGoto): writeGoto(Opcode.gotol)
            case 3 where rewrites > 0 && !rewritten.isEmpty:
                rewrites -= 1
                writeFragment(rewritten.member(draws.below(rewritten.count)))
            case 4 where pendingChild != 0: writeChild()
            case 5...90: writeFragment(.change)
            default: writeMark()
            }
            if farWay >= 0 && count - head > ProgramDraft.reach - farSlack - 4 { writeFarBack(to: head) }
        }
        while pendingChild != 0 {
            border()
            writeChild()
        }
        border()
    }

    /// Starts a loop whose end may be out of range of its head.
    private mutating func writeFarHead() {
        border()
        add(Instruction(code: Opcode.mayGoto, off: 1))
        add(Instruction(code: Opcode.ja, off: 1))
        farWay = jumps.count
        add(Instruction(code: Opcode.gotol), .later)
    }

    /// Ends the loop with a jump back at the limit of its range.
    private mutating func writeFarBack(to head: Int) {
        border()
        writePlainCondition(.next)
        aimLast(at: head)
        jumps[farWay].border = borders.count
        farWay = -1
        border()
    }

    /// The last border in range of a 16-bit jump after the allowed growth.
    func farTarget(of jump: OpenJump) -> Int {
        let limit = jump.slot + 1 + ProgramDraft.reach - farSlack
        var low = jump.border
        var high = borders.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if borders[middle] <= limit { low = middle } else { high = middle - 1 }
        }
        return borders[min(low, borders.count - 1)]
    }
}
