import BPF
import Fuzzing

extension Condition {
    /// All conditions.
    fileprivate static let all: [11 of Condition] = [
        .equal, .greater, .greaterOrEqual, .set, .notEqual, .signedGreater, .signedGreaterOrEqual, .less, .lessOrEqual,
        .signedLess, .signedLessOrEqual,
    ]

    /// Returns true if it holds for two positive numbers.
    fileprivate func holds(_ left: Int32, _ right: Int32) -> Bool {
        switch self {
        case .equal: left == right
        case .notEqual: left != right
        case .set: left & right != 0
        case .greater, .signedGreater: left > right
        case .greaterOrEqual, .signedGreaterOrEqual: left >= right
        case .less, .signedLess: left < right
        case .lessOrEqual, .signedLessOrEqual: left <= right
        }
    }
}

extension ProgramDraft {
    mutating func anyCondition() -> Condition { Condition.all[draws.below(11)] }

    // MARK: Conditions that are never decided

    /// Writes a condition that no verifier decides, as the last instruction.
    mutating func writeUndecided(_ aim: Aim) {
        if isTrusted && draws.chance(5, of: 8) { writePointerCondition(aim) } else { writeMemoryCondition(aim) }
    }

    /// Writes a condition that no verifier decides, and that needs only `r0` and the registers of borders.
    mutating func writePlainCondition(_ aim: Aim) {
        if isTrusted { return writePointerCondition(aim) }
        add(.load(.word, 0, from: Kept.value, cell()))
        add(Instruction(code: anyCondition().rawValue | Opcode.jumpClass, imm: marker()), aim)
    }

    /// Compares an address with a number or with another address: one instruction, which needs only registers of
    /// borders.
    ///
    /// - Source: `is_branch_taken`, Linux 6.12, which knows only that an address is not 0
    mutating func writePointerCondition(_ aim: Aim) {
        let register: UInt8 =
            switch draws.below(hasContext ? 3 : 2) {
            case 0: Kept.value
            case 1: Register.frame
            default: Kept.context
            }
        var condition = anyCondition()
        // The lowest bits of an address are chance. It is always negative, with more than 31 bits.
        if isRunnable && condition == .set { condition = .signedLess }
        if !isRunnable && draws.chance(3, of: 16) {
            let other = register == Kept.value ? Register.frame : Kept.value
            let family = draws.chance(3, of: 4) ? Opcode.jumpClass : Opcode.jump32Class
            add(
                Instruction(code: condition.rawValue | family | Opcode.registerOperand, dst: register, src: other), aim)
            return
        }
        // Half of an address is chance, so that a run would not be repeatable.
        let isWhole = isRunnable || draws.chance(11, of: 16)
        add(
            Instruction(
                code: condition.rawValue | (isWhole ? Opcode.jumpClass : Opcode.jump32Class), dst: register,
                imm: marker()), aim)
    }

    /// Compares a value that was just loaded from memory.
    mutating func writeMemoryCondition(_ aim: Aim) {
        let register = UInt8(draws.below(6))
        let family = draws.chance(1, of: 2) ? Opcode.jumpClass : Opcode.jump32Class
        add(.load(draws.chance(5, of: 8) ? .word : .double, register, from: Kept.value, cell()))
        let condition = anyCondition()
        if draws.chance(5, of: 8) {
            add(Instruction(code: condition.rawValue | family, dst: register, imm: marker()), aim)
            return
        }
        let other = (register + 1) % 6
        add(draws.chance(1, of: 2) ? .assign(other, marker()) : .load(.double, other, from: Kept.value, cell()))
        add(Instruction(code: condition.rawValue | family | Opcode.registerOperand, dst: register, src: other), aim)
    }

    // MARK: Conditions that are always decided

    /// Writes a condition that the verifier decides, as the last instruction.
    ///
    /// - Parameter isAtStart: true if the registers of borders are not set yet
    mutating func writeDecided(_ aim: Aim, _ verdict: Verdict, isAtStart: Bool = false) {
        let wanted = verdict == .always
        if !isAtStart && draws.chance(3, of: 16) {
            // The address of a value is never 0.
            let condition = wanted ? Condition.notEqual : .equal
            return add(Instruction(code: condition.rawValue | Opcode.jumpClass, dst: Kept.value), aim, verdict)
        }
        // At the start, `r1` may hold the context.
        let register: UInt8 = isAtStart ? 0 : UInt8(draws.below(6))
        let is64 = draws.chance(1, of: 2)
        let condition = anyCondition()
        let (left, right) = operands(for: condition, wanted)
        add(.apply(.move, register, left, is64: is64))
        let family = draws.chance(1, of: 2) ? Opcode.jumpClass : Opcode.jump32Class
        if draws.chance(5, of: 8) {
            add(Instruction(code: condition.rawValue | family, dst: register, imm: right), aim, verdict)
            return
        }
        let other: UInt8 = isAtStart ? 2 : (register + 1) % 6
        // Of the other width, so that both instructions differ if both numbers are equal.
        add(.apply(.move, other, right, is64: !is64))
        add(
            Instruction(code: condition.rawValue | family | Opcode.registerOperand, dst: register, src: other), aim,
            verdict)
    }

    /// Two markers for which a condition holds, or does not hold.
    private mutating func operands(for condition: Condition, _ isHolding: Bool) -> (left: Int32, right: Int32) {
        let first = marker()
        let second = marker()
        if condition.holds(first, second) == isHolding { return (first, second) }
        if condition.holds(second, first) == isHolding { return (second, first) }
        // The markers differ, and nearly all pairs have a bit in common.
        return condition == .set && !isHolding ? (first, ~first & Int32.max) : (first, first)
    }

    // MARK: Jumps

    /// Jumps, with a way around the jump, so that what follows is reached too.
    mutating func writeGoto(_ code: UInt8) {
        writeUndecided(.next)
        add(Instruction(code: code), .later)
        border()
    }

    /// Leaves the function before its end.
    mutating func writeEarlyExit() {
        writeUndecided(.next)
        writeExit()
        border()
    }

    /// Leaves the function with a valid result.
    mutating func writeExit() {
        if !endsWithCall() { writeResult() }
        add(Instruction(code: Opcode.exit))
    }

    /// Ends with the call of a fitting function, and returns its result; returns false if there is none.
    private mutating func endsWithCall() -> Bool {
        if plan.functions.count < 2 || function.kind.isCallback || !draws.chance(5, of: 16) { return false }
        if number == 0 && plan.traits.returns != .anything { return false }
        let other = anyFunction()
        let callee = plan.functions[other]
        if callee.kind != .plain || callee.depth <= function.depth || callee.cost > 60 { return false }
        addCall(other)
        return true
    }

    private mutating func writeResult() {
        switch function.kind {
        case .entry where plan.traits.returns != .anything:
            add(.assign(0, plan.traits.returns == .zero ? 0 : Int32(draws.below(2))))
        case .loopCallback, .elementCallback, .lessCallback: add(.assign(0, Int32(draws.below(2))))
        case .timerCallback, .workCallback: add(.assign(0, 0))
        case .entry, .contextual, .plain:
            switch draws.below(8) {
            case 0 where !isRunnable: add(.assign(0, marker()))
            case 1 where !isRunnable: add(.apply(.move, 0, marker(), is64: false))
            case 2, 3:
                add(.move(0, Kept.number))
                add(.apply(.xor, 0, register: Kept.other))
            default: add(.move(0, keptNumber()))
            }
        }
    }

    // MARK: Loops

    /// A loop that `may_goto` ends, entered at its head or in the middle.
    ///
    /// Every round passes `may_goto`, so that the verifier does not count rounds.
    mutating func writeMayGotoLoop() {
        if nesting > 1 { return add(Instruction(code: Opcode.mayGoto), .later) }
        nesting += 1
        defer { nesting -= 1 }
        let head = borders.count - 1
        draws.begin(.run)
        var left = draws.unrecorded { $0.below(3) }
        while draws.begin(.fragment, if: left > 0) {
            left -= 1
            border()
            let straight = fragments.intersection(.straight)
            writeFragment(straight.member(draws.below(straight.count)))
            draws.end()
        }
        draws.end()
        border()
        let way = jumps.count
        add(Instruction(code: Opcode.mayGoto), .near)
        let heads = borders.count - head
        draws.begin(.run)
        left = 1 + draws.unrecorded { $0.below(3) }
        while draws.begin(.fragment, if: left > 0) {
            left -= 1
            border()
            writeFragment(anyFragment())
            draws.end()
        }
        draws.end()
        border()
        let target = borders[head + draws.below(heads)]
        if isRunnable {
            writeCounter(target)
        } else if draws.chance(1, of: 2) {
            writeUndecided(.next)
            aimLast(at: target)
        } else {
            add(Instruction(code: Opcode.ja, off: 0))
            aim(count - 1, at: target)
            jumps[way].aim = .next
        }
        jumps[way].border = borders.count
        border()
    }

    /// Jumps back some times, counted by a word in memory.
    private mutating func writeCounter(_ target: Int) {
        let place: Int16 = draws.chance(1, of: 2) ? 56 : 60
        add(.load(.word, 0, from: Kept.value, place))
        add(.apply(.add, 0, 1))
        add(.store(.word, to: Kept.value, place, 0))
        add(Instruction(code: Condition.less.rawValue | Opcode.jumpClass, dst: 0, imm: 2 + Int32(draws.below(4))))
        aim(count - 1, at: target)
    }

    /// Sets the target of the last jump at once.
    mutating func aimLast(at target: Int) {
        aim(count - 1, at: target)
        jumps.removeLast()
    }
}
