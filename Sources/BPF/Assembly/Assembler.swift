/// Reads instructions in the syntax of LLVM and bpftool.
///
/// Fields that the syntax does not show follow it in braces: `exit {imm=5}`. Instructions without a syntax have a raw
/// form: `insn 0x0e dst 0 src 0 off +3 imm 77`. ``Disassembler`` writes the same text.
///
/// - Source: RFC 9669 for the encodings
public enum Assembler {
    /// Reads one statement, which may end in a comment after `#`.
    ///
    /// - Throws: the first error of the line
    /// - Complexity: O(length)
    public static func statement(_ text: String) throws(AssemblyError) -> Statement {
        var scanner = LineScanner(text)
        let statement = try statement(&scanner)
        if !scanner.isAtEnd() { throw scanner.fault("the end of the line") }
        return statement
    }

    /// Reads one statement and leaves the rest of the line.
    package static func statement(_ scanner: inout LineScanner) throws(AssemblyError) -> Statement {
        var draft = try Draft(&scanner)
        try draft.readExtras(&scanner)
        return try draft.finished(scanner)
    }

    /// A statement while it is read.
    struct Draft {
        var insn: Instruction
        /// The fields that have a value.
        var fields: FieldSet
        /// The operand of a jump or call, and its position.
        var target: JumpTarget?
        var targetPosition = 0
        /// The second slot of a wide load.
        var second: Instruction?
        /// The number of a wide load, until it is known whether it fills both slots.
        var literal: LineScanner.Number?
        /// The position of `next_imm`, if it is given.
        var nextImmPosition: Int?

        init(_ insn: Instruction, _ fields: FieldSet) {
            self.insn = insn
            self.fields = fields
        }
    }
}

extension Assembler.Draft {
    /// Reads everything up to `{…}`.
    init(_ scanner: inout LineScanner) throws(AssemblyError) {
        if scanner.peek() == UInt8(ascii: "*") {
            self = try Self.store(&scanner)
            return
        }
        let start = scanner.position
        if let register = scanner.takeRegister() {
            self = try Self.assignment(to: register, &scanner)
            return
        }
        switch scanner.takeWord() {
        case "if": self = try Self.conditional(&scanner)
        case "goto": self = try Self.jump(Instruction(code: Opcode.ja), .off, &scanner)
        case "gotol": self = try Self.jump(Instruction(code: Opcode.gotol), .imm, &scanner)
        case "may_goto": self = try Self.jump(Instruction(code: Opcode.mayGoto), .off, &scanner)
        case "gotox": self.init(Instruction(code: Opcode.gotox, dst: try scanner.doubleRegister()), .dst)
        case "callx": self.init(Instruction(code: 0x8d, dst: try scanner.doubleRegister()), .dst)
        case "call": self = try Self.call(&scanner)
        case "exit": self.init(Instruction(code: Opcode.exit), [])
        case "lock": self = try Self.lockedStore(&scanner)
        case "store_release": self = try Self.storeRelease(&scanner)
        case "insn": self = try Self.raw(&scanner)
        default: throw scanner.fault("an instruction", at: start)
        }
    }

    // MARK: Jumps

    private static func jump(
        _ insn: Instruction, _ field: FieldSet, _ scanner: inout LineScanner
    ) throws(AssemblyError) -> Self {
        var draft = Self(insn, field)
        try draft.readTarget(&scanner)
        return draft
    }

    private static func conditional(_ scanner: inout LineScanner) throws(AssemblyError) -> Self {
        let start = scanner.position
        guard let left = scanner.takeRegister() else { throw scanner.fault("a register", at: start) }
        guard let comparison = Comparison.all.first(where: { scanner.takeSymbol($0.symbol) }) else {
            throw scanner.fault("a comparison such as `==` or `s<`")
        }
        let family = left.isDouble ? Opcode.jumpClass : Opcode.jump32Class
        var draft = Self(Instruction(code: comparison.operation | family, dst: left.number), [.dst, .off])
        try draft.readSource(ofWidth: left, &scanner)
        try scanner.word("goto")
        try draft.readTarget(&scanner)
        return draft
    }

    private static func call(_ scanner: inout LineScanner) throws(AssemblyError) -> Self {
        var draft = Self(Instruction(code: Opcode.call), [.src, .imm])
        if scanner.takeWord("kfunc") {
            draft.insn.src = 2
            draft.insn.imm = try scanner.field(Int32.self)
            return draft
        }
        // A helper's number has no sign; a distance always has one.
        if let next = scanner.peek(), next >= UInt8(ascii: "0") && next <= UInt8(ascii: "9") {
            draft.insn.imm = try scanner.field(Int32.self)
            return draft
        }
        draft.insn.src = Opcode.pseudoCall
        let expected = "a helper's number, `kfunc`, or a target such as `loop`, `+3` or `@7`"
        try draft.readTarget(&scanner, expected: expected)
        return draft
    }

    /// Reads the operand of a jump or call, and writes a distance to the instruction.
    ///
    /// The code and `src` must be known already.
    mutating func readTarget(
        _ scanner: inout LineScanner, expected: String = "a target such as `loop`, `+3`, `@7` or `out`"
    ) throws(AssemblyError) {
        scanner.skipBlanks()
        let start = scanner.position
        targetPosition = start
        if scanner.takeSymbol("@") {
            if let name = scanner.takeWord() {
                target = .inputLabel(name)
            } else {
                target = .inputIndex(try scanner.count(0...UInt32.max))
            }
            return
        }
        if let word = scanner.peekWord(), RegisterName(word) == nil {
            _ = scanner.takeWord()
            // bpftool writes distances as `pc+3`.
            let next = word == "pc" ? scanner.peek() : nil
            if next != UInt8(ascii: "+") && next != UInt8(ascii: "-") {
                target = word == "out" ? .out : .label(word)
                return
            }
        }
        guard scanner.peek() == UInt8(ascii: "-") || scanner.takeSymbol("+") else {
            throw scanner.fault(expected, at: start)
        }
        if insn.jumpKind == .short {
            insn.off = try scanner.field(Int16.self)
        } else {
            insn.imm = try scanner.field(Int32.self)
        }
    }

    /// Reads the right side of a comparison or of an arithmetic operator: a register or a number.
    mutating func readSource(ofWidth left: RegisterName, _ scanner: inout LineScanner) throws(AssemblyError) {
        let start = scanner.position
        if scanner.peekWord() != nil {
            guard let right = scanner.takeRegister(), right.isDouble == left.isDouble else {
                throw scanner.fault(
                    left.isDouble ? "a register r0 to r15 or a number" : "a register w0 to w15 or a number", at: start)
            }
            insn.code |= 0x08
            insn.src = right.number
            fields.insert(.src)
        } else {
            insn.imm = try scanner.field(Int32.self)
            fields.insert(.imm)
        }
    }
}
