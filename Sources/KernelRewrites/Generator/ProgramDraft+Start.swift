import BPF
import Fuzzing
import KernelModel

extension ProgramDraft {
    /// Writes the start of a function: sometimes a first instruction that is rewritten or a target, then the registers
    /// of borders.
    mutating func writeStart() {
        let callback = draws.chance(5, of: 8) ? writeFirst() : 0
        writePromises()
        if callback != 0 { writeLoopCall() }
        if number == 0 && isRunnable { writeCells() }
    }

    /// Writes a first instruction that is rewritten, removed, or a target.
    ///
    /// - Returns: the callback whose address is in `r2`, or 0
    private mutating func writeFirst() -> Int {
        switch draws.below(8) {
        case 0: add(.apply(.move, 0, marker(), is64: false))
        case 1 where plan.hasNops: add(Instruction(code: Opcode.ja))
        case 2 where hasContext && !plan.traits.fields.isEmpty:
            let fields = plan.traits.fields
            let field = fields[draws.below(fields.count)]
            add(.load(field.size == 8 ? .double : .word, Register.second, from: Register.first, field.off))
        case 3 where plan.hasDeadCode && draws.chance(1, of: 2):
            let first = count
            if draws.chance(1, of: 2) { add(.apply(.move, 0, marker(), is64: false)) }
            // It is decided, and so becomes a nop.
            writeDecided(.near, .never, isAtStart: true)
            aimLast(at: first)
        case 3 where plan.hasDeadCode:
            add(.assign(0, marker()))
            decide(.always)
            add(Instruction(code: Condition.less.rawValue | Opcode.jump32Class, off: 2, imm: Int32.max))
            add(.assign(UInt8(draws.below(6)), marker()))
            add(.assign(0, marker()))
        case 4 where plan.fragments.has(.divide) && function.kind == .loopCallback:
            add(.apply(.modulo, Register.first, register: Register.first))
        case 5 where function.kind == .plain && startsWithCall: addCall(takeChild())
        case 6 where function.kind == .plain && startsWithCallback:
            let callback = takeChild()
            addFunction(Register.second, callback)
            return callback
        case 7 where function.kind == .plain && plan.fragments.has(.jiffies):
            add(.callHelper(draws.chance(1, of: 2) ? HelperNumber.jiffies : HelperNumber.processorID))
        default:
            if plan.hasMayGoto && plan.hasCycles && function.depth <= 3 { writeFirstLoop() }
        }
        return 0
    }

    /// True if the next child can be called before any register is set.
    private var startsWithCall: Bool {
        if pendingChild == 0 { return false }
        let child = plan.functions[pendingChild]
        return child.kind == .plain && !child.isDead
    }

    /// True if the next child is a callback of `bpf_loop`.
    private var startsWithCallback: Bool {
        if pendingChild == 0 || function.depth > 3 { return false }
        let child = plan.functions[pendingChild]
        return child.kind == .loopCallback && !child.isDead
    }

    /// A loop around the first instruction.
    ///
    /// - Source: `adjust_jmp_off`, Linux 6.12, and the faults that it mends
    private mutating func writeFirstLoop() {
        let first = count
        let hasNumber = draws.chance(1, of: 2)
        if hasNumber { add(.apply(.move, 0, marker(), is64: false)) }
        let way = count
        add(Instruction(code: Opcode.mayGoto))
        if isRunnable || isTrusted && draws.chance(11, of: 16) {
            add(frameCondition(number: hasNumber ? 0 : nil))
        } else {
            let isLong = plan.fragments.has(.longGoto) && draws.chance(1, of: 2)
            add(Instruction(code: isLong ? Opcode.gotol : Opcode.ja))
        }
        aim(count - 1, at: draws.chance(11, of: 16) ? first : way)
        aim(way, at: count)
    }

    /// A comparison of the frame pointer that the verifier does not decide; in a program that may be run, it never
    /// holds.
    ///
    /// - Parameter number: a register with a positive number, or `nil`
    private mutating func frameCondition(number: UInt8?) -> Instruction {
        // As a 64-bit number, the address is negative and has more than 31 bits.
        let never: [5 of Condition] = [.equal, .less, .lessOrEqual, .signedGreater, .signedGreaterOrEqual]
        let condition = isRunnable ? never[draws.below(5)] : anyCondition()
        let family = isRunnable || draws.chance(1, of: 2) ? Opcode.jumpClass : Opcode.jump32Class
        if let number, draws.chance(1, of: 2) {
            return Instruction(
                code: condition.rawValue | family | Opcode.registerOperand, dst: Register.frame, src: number)
        }
        return Instruction(code: condition.rawValue | family, dst: Register.frame, imm: marker())
    }

    /// Sets the registers of borders.
    private mutating func writePromises() {
        let isContextFirst = draws.chance(1, of: 2)
        if isContextFirst { writeContextPromise() }
        addValue(Kept.value, .singleArray)
        if draws.chance(3, of: 4) {
            add(.apply(.move, Kept.number, marker(), is64: draws.chance(5, of: 8)))
        } else {
            add(.load(.word, Kept.number, from: Kept.value, cell()))
        }
        if !isContextFirst { writeContextPromise() }
        add(.apply(.move, Kept.other, marker(), is64: draws.chance(5, of: 8)))
    }

    private mutating func writeContextPromise() {
        add(hasContext ? .move(Kept.context, Register.first) : .assign(Kept.context, marker()))
    }

    /// Sets the words that conditions read to values of the program's own.
    private mutating func writeCells() {
        for word in 0..<8 {
            add(
                Instruction(
                    code: MemorySize.double.rawValue | Opcode.memoryMode | Opcode.storeImmediateClass, dst: Kept.value,
                    off: Int16(word * 8), imm: marker()))
        }
    }
}
