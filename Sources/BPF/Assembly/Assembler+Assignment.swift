extension Assembler.Draft {
    /// Reads the rest of a statement that begins with a register.
    static func assignment(
        to dst: RegisterName, _ scanner: inout LineScanner
    ) throws(AssemblyError) -> Self {
        let family: UInt8 = dst.isDouble ? 0x07 : 0x04
        if let symbol = ArithmeticOperator.all.first(where: { scanner.takeSymbol($0.symbol) }) {
            var draft = Self(Instruction(code: symbol.operation | family, dst: dst.number), .dst)
            if symbol.isSigned {
                draft.insn.off = 1
                draft.fields.insert(.off)
            }
            try draft.readSource(ofWidth: dst, &scanner)
            return draft
        }
        guard scanner.takeSymbol("=") else { throw scanner.fault("an operator such as `=` or `+=`") }
        var move = Self(Instruction(code: 0xb0 | family, dst: dst.number), .dst)
        switch scanner.peek() {
        case UInt8(ascii: "("):
            return try signedMove(to: dst, &scanner)
        case UInt8(ascii: "*"):
            return try load(to: dst, &scanner)
        case UInt8(ascii: "@"):
            return try function(to: dst, &scanner)
        case UInt8(ascii: "-"):
            var ahead = scanner
            _ = ahead.takeSymbol("-")
            if ahead.peekWord() != nil {
                scanner = ahead
                try scanner.sameRegister(dst)
                return Self(Instruction(code: 0x80 | family, dst: dst.number), .dst)
            }
        default: break
        }
        let start = scanner.position
        if let word = scanner.peekWord() {
            if RegisterName(word) == nil { return try named(word, to: dst, &scanner) }
            try move.readSource(ofWidth: dst, &scanner)
            return move
        }
        guard let number = scanner.takeNumber() else {
            throw scanner.fault("a register, a number, a load or an operation", at: start)
        }
        if scanner.takeWord("ll") { return try wide(to: dst, number, scanner) }
        guard let value = Int32(number) else {
            throw scanner.fault(LineScanner.expectation(of: Int32.self) + ", or `ll` after it", at: start)
        }
        move.insn.imm = value
        move.fields.insert(.imm)
        return move
    }

    /// `r1 = (s8)r2`
    private static func signedMove(
        to dst: RegisterName, _ scanner: inout LineScanner
    ) throws(AssemblyError) -> Self {
        try scanner.symbol("(")
        let sizes: [String: Int16] = dst.isDouble ? ["s8": 8, "s16": 16, "s32": 32] : ["s8": 8, "s16": 16]
        guard let name = scanner.peekWord(), let bits = sizes[name] else {
            throw scanner.fault(dst.isDouble ? "`s8`, `s16` or `s32`" : "`s8` or `s16`")
        }
        _ = scanner.takeWord()
        try scanner.symbol(")")
        let src = try scanner.register(isDouble: dst.isDouble)
        let code: UInt8 = dst.isDouble ? 0xbf : 0xbc
        return Self(Instruction(code: code, dst: dst.number, src: src, off: bits), [.dst, .src, .off])
    }

    /// Reads a right side that begins with a word: a byte swap, an atomic operation or a subprogram's address.
    private static func named(
        _ word: String, to dst: RegisterName, _ scanner: inout LineScanner
    ) throws(AssemblyError) -> Self {
        for (name, code) in [("le", 0xd4), ("be", 0xdc), ("bswap", 0xd7)] as [(String, UInt8)]
        where word.hasPrefix(name) {
            guard let bits = Int32(String(word.dropFirst(name.count))), dst.isDouble else { continue }
            guard bits == 16 || bits == 32 || bits == 64 else { continue }
            _ = scanner.takeWord()
            try scanner.sameRegister(dst)
            return Self(Instruction(code: code, dst: dst.number, imm: bits), [.dst, .imm])
        }
        if let draft = try atomic(word, to: dst, &scanner) { return draft }
        return try function(to: dst, &scanner)
    }

    /// `r1 = loop ll`, `r1 = @7 ll` or `r1 = subprog +3 ll`: the address of a subprogram.
    private static func function(
        to dst: RegisterName, _ scanner: inout LineScanner
    ) throws(AssemblyError) -> Self {
        let start = scanner.position
        let insn = Instruction(code: Opcode.loadImmediate64, dst: dst.number, src: Opcode.pseudoFunction)
        var draft = Self(insn, [.dst, .src, .imm])
        draft.second = .zero
        _ = scanner.takeWord("subprog")
        try draft.readTarget(&scanner)
        guard dst.isDouble, scanner.takeWord("ll") else {
            throw scanner.fault("a register, a number, a load, an operation, or a label with `ll` after it", at: start)
        }
        return draft
    }

    /// `r1 = 5 ll`
    private static func wide(
        to dst: RegisterName, _ number: LineScanner.Number, _ scanner: LineScanner
    ) throws(AssemblyError) -> Self {
        guard dst.isDouble else { throw scanner.fault("a 32-bit number without `ll`", at: number.position) }
        var draft = Self(Instruction(code: Opcode.loadImmediate64, dst: dst.number), [.dst, .imm])
        draft.second = .zero
        draft.literal = number
        return draft
    }
}
