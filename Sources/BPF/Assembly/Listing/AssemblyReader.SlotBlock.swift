extension AssemblyReader {
    /// The slots that have been read so far, with jumps to labels that are not known yet.
    package struct SlotBlock {
        package var insns: [Instruction] = []
        package var labels: [String: Int] = [:]
        package var pending: [PendingJump] = []

        package init() {}
    }

    /// A jump or call to a label.
    package struct PendingJump {
        package var slot: Int
        package var target: JumpTarget
        /// The position of the target in the text.
        package var lineNumber: Int
        package var column: Int
    }
}

extension AssemblyReader {
    /// Takes the labels at the beginning of the line.
    package mutating func readLabels(_ block: inout SlotBlock) throws(AssemblyError) {
        while true {
            line.skipBlanks()
            let start = line.position
            guard let label = line.takeLabel() else { return }
            if block.labels.updateValue(block.insns.count, forKey: label) != nil {
                throw fault("a label that is not in use yet", at: start)
            }
        }
    }

    /// Takes one statement and returns the number of its slots.
    package mutating func readStatement(_ block: inout SlotBlock) throws(AssemblyError) -> Int {
        let statement = try Assembler.statement(&line)
        if let target = statement.target {
            block.pending.append(
                PendingJump(
                    slot: block.insns.count, target: target, lineNumber: lineNumber,
                    column: statement.targetColumn))
        }
        block.insns.append(statement.insn)
        if let second = statement.secondSlot { block.insns.append(second) }
        return statement.width
    }

    /// Takes the rest of a `.fill` line: `COUNT r1 = K`.
    package mutating func readFill(_ block: inout SlotBlock) throws(AssemblyError) -> Int {
        let room = SlotRun.most - block.insns.count
        if room < 1 { throw fault("at most \(SlotRun.most) slots") }
        let count = Int(try line.count(1...UInt32(room)))
        try line.word("r1")
        try line.symbol("=")
        line.skipBlanks()
        let start = line.position
        let imm = try line.field(Int32.self)
        if Int(imm) + count - 1 > Int(Int32.max) {
            throw fault("a number up to \(Int(Int32.max) - count + 1), so that \(count) fit", at: start)
        }
        let run = SlotRun(count: count, imm: imm)
        block.insns.reserveCapacity(block.insns.count + count)
        for number in 0..<count { block.insns.append(run.insn(number)) }
        return count
    }

    /// Sets the offset of a jump whose target is now known.
    package mutating func place(
        _ jump: PendingJump, at target: Int, in block: inout SlotBlock
    ) throws(AssemblyError) {
        let kind = block.insns[jump.slot].jumpKind
        let offset = target - jump.slot - 1
        if !block.insns[jump.slot].setJumpOffset(offset, kind) {
            throw fault("a target that 16 bits reach (this one is at \(offset))", of: jump)
        }
    }

    /// The error about a jump's target.
    package mutating func fault(_ expected: String, of jump: PendingJump) -> AssemblyError {
        lineNumber = jump.lineNumber
        return AssemblyError(column: jump.column, expected: expected, found: "`\(jump.target)`")
    }
}
