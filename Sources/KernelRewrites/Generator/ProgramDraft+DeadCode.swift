import BPF
import Fuzzing
import KernelModel

extension ProgramDraft {
    /// A decided condition, and code that only its dead side leads to.
    mutating func writeDeadFragment() {
        switch draws.below(6) {
        case 0:
            // A jump over dead code, which becomes a nop when that is removed.
            writeDecided(.next, .never)
            let condition = count - 1
            jumps.removeLast()
            add(Instruction(code: Opcode.ja), .next)
            aim(condition, at: count)
            writeDeadRun(1 + deadLength())
            if draws.chance(3, of: 8) { writeDeadEnd() }
        case 1:
            // Never taken: its target may be live or dead.
            writeDecided(.anywhere, .never)
        case 2, 3: writeJumpToNop()
        default:
            let isOverRun = draws.chance(3, of: 4)
            writeDecided(isOverRun ? .next : .near, .always)
            writeDeadRun(1 + deadLength())
            // The check of control flow runs before conditions are decided, so some jump must reach the code that
            // follows.
            if isOverRun && draws.chance(3, of: 8) { writeDeadEnd() }
        }
        border()
    }

    /// A jump that is mostly decided, to a nop or to the instruction after one.
    private mutating func writeJumpToNop() {
        let verdict = draws.below(8)
        if verdict == 0 {
            writeDecided(.next, .always)
            writeDeadRun(1)
        } else {
            if verdict < 3 { writeUndecided(.next) } else { writeDecided(.next, .never) }
            if draws.chance(1, of: 2) {
                add(Instruction(code: Opcode.ja))
                return border()
            }
            add(.assign(UInt8(draws.below(6)), marker()))
        }
        border()
        add(Instruction(code: Opcode.ja))
    }

    private mutating func deadLength() -> Int { draws.chance(13, of: 16) ? draws.below(5) : draws.below(30) }

    /// Appends a dead instruction.
    @inline(__always)
    mutating func addDead(_ insn: Instruction) {
        deadSlots.append(count)
        add(insn)
    }

    /// Ends a dead run with a jump or an exit.
    private mutating func writeDeadEnd() {
        deadSlots.append(count)
        if draws.chance(1, of: 2) {
            add(Instruction(code: Opcode.exit))
        } else {
            add(Instruction(code: Opcode.ja), .anywhere)
        }
    }

    /// A dead call. The program still has the function.
    mutating func writeDeadCall(_ function: Int) {
        writeDecided(.next, .always)
        writeDeadRun(draws.below(3))
        deadSlots.append(count)
        addCall(function)
        writeDeadRun(draws.below(3))
        border()
    }

    /// Writes dead instructions, which the verifier does not check.
    mutating func writeDeadRun(_ length: Int) {
        draws.begin(.run)
        defer { draws.end() }
        var left = length
        while draws.begin(.fragment, if: left > 0) {
            left -= 1
            defer { draws.end() }
            deadSlots.append(count)
            let register = UInt8(draws.below(10))
            switch draws.below(16) {
            case 0, 1: add(.assign(register, marker()))
            case 2: add(.apply(.move, register, marker(), is64: false))
            case 3: add(.apply(.add, register, marker()))
            case 4: add(.apply(draws.chance(1, of: 2) ? .divide : .modulo, register, register: UInt8(draws.below(10))))
            case 5: add(.load(.word, register, from: UInt8(draws.below(10)), Int16(draws.below(64))))
            case 6: add(.store(.half, to: UInt8(draws.below(10)), Int16(draws.below(64)), register))
            case 7: addWide(register, marker(), marker())
            case 8: add(.callHelper(draws.chance(1, of: 2) ? HelperNumber.jiffies : HelperNumber.processorID))
            case 9 where plan.hasMayGoto: add(Instruction(code: Opcode.mayGoto), .anywhere)
            case 10, 11:
                add(
                    Instruction(code: Condition.greater.rawValue | Opcode.jumpClass, dst: register, imm: marker()),
                    .anywhere)
            case 12:
                add(
                    Instruction(code: Condition.set.rawValue | Opcode.jump32Class, dst: register, imm: marker()),
                    .anywhere)
            case 13: writeDeadBranch(register)
            case 14: add(Instruction(code: Opcode.ja))
            default: add(.move(register, UInt8(draws.below(10))))
            }
        }
    }

    /// A jump over an exit or a jump, so that the check of control flow reaches the code that follows.
    private mutating func writeDeadBranch(_ register: UInt8) {
        add(Instruction(code: Condition.equal.rawValue | Opcode.jumpClass, dst: register, off: 1, imm: marker()))
        deadSlots.append(count)
        if draws.chance(1, of: 2) {
            add(Instruction(code: Opcode.exit))
        } else {
            add(Instruction(code: plan.fragments.has(.longGoto) ? Opcode.gotol : Opcode.ja), .anywhere)
        }
    }

    /// Nops, alone and in chains.
    mutating func writeNops() {
        switch draws.below(7) {
        case 0:
            // The second one is a target of its own, and stays after the first.
            writeUndecided(.next)
            aimLast(at: count + 1)
            add(Instruction(code: Opcode.ja, off: 1))
            add(Instruction(code: Opcode.ja))
        case 1: for _ in 0..<2 + draws.below(5) { add(Instruction(code: Opcode.ja)) }
        case 2:
            writeUndecided(.next)
        case 3 where plan.hasMayGoto:
            if draws.chance(3, of: 8) { add(Instruction(code: Opcode.mayGoto, off: 1)) }
            add(Instruction(code: plan.hasMayGotoNop ? Opcode.mayGoto : Opcode.ja))
        case 4 where plan.fragments.has(.longGoto): add(Instruction(code: Opcode.gotol))
        default: add(Instruction(code: Opcode.ja))
        }
        border()
    }
}
