extension Assembler.Draft {
    /// `*(u32 *)(r1 + 4) = r2` and `*(u32 *)(r1 + 4) = 5`
    static func store(_ scanner: inout LineScanner) throws(AssemblyError) -> Self {
        let size = try access(&scanner)
        var draft = Self(Instruction(code: 0), [.dst, .off])
        (draft.insn.dst, draft.insn.off) = try place(&scanner)
        try scanner.symbol("=")
        if scanner.peekWord() != nil {
            draft.insn.code = 0x63 | size.bits
            draft.insn.src = try scanner.register(isDouble: true, orEither: !size.isDouble)
            draft.fields.insert(.src)
        } else {
            draft.insn.code = 0x62 | size.bits
            draft.insn.imm = try scanner.field(Int32.self)
            draft.fields.insert(.imm)
        }
        return draft
    }

    /// `*(u32 *)(r2 + 4)`, `*(u8 *)skb[14]` and `*(u8 *)skb[r1 + 0]`
    static func load(to dst: RegisterName, _ scanner: inout LineScanner) throws(AssemblyError) -> Self {
        let start = scanner.position
        let size = try access(&scanner, allowsSigned: true)
        guard dst.isDouble || !size.isDouble && !size.isSigned else {
            throw scanner.fault("a load into a register r0 to r15", at: start)
        }
        guard scanner.peekWord() == "skb", !size.isSigned, !size.isDouble else {
            let code: UInt8 = size.isSigned ? 0x81 : 0x61
            var draft = Self(Instruction(code: code | size.bits, dst: dst.number), [.dst, .src, .off])
            (draft.insn.src, draft.insn.off) = try place(&scanner)
            return draft
        }
        guard dst.number == 0 else { throw scanner.fault("a load into r0, as for every packet load", at: start) }
        try scanner.word("skb")
        try scanner.symbol("[")
        var draft = Self(Instruction(code: 0x20 | size.bits), .imm)
        if scanner.peekWord() != nil {
            draft.insn.code = 0x40 | size.bits
            draft.insn.src = try scanner.doubleRegister()
            draft.fields.insert(.src)
            draft.insn.imm = try distance(Int32.self, &scanner)
        } else {
            draft.insn.imm = try scanner.field(Int32.self)
        }
        try scanner.symbol("]")
        return draft
    }

    // MARK: Atomic operations

    /// `lock *(u64 *)(r1 + 0) += r2`
    static func lockedStore(_ scanner: inout LineScanner) throws(AssemblyError) -> Self {
        let size = try atomicAccess(&scanner)
        var draft = Self(Instruction(code: 0xc3 | size.bits), [.dst, .src, .off, .imm])
        (draft.insn.dst, draft.insn.off) = try place(&scanner)
        guard let symbol = AtomicOperator.all.first(where: { scanner.takeSymbol($0.symbol) }) else {
            throw scanner.fault("`+=`, `|=`, `&=` or `^=`")
        }
        draft.insn.imm = symbol.imm
        draft.insn.src = try scanner.register(isDouble: size.isDouble, orEither: !size.isDouble)
        return draft
    }

    /// `store_release((u64 *)(r1 + 0), r2)`
    static func storeRelease(_ scanner: inout LineScanner) throws(AssemblyError) -> Self {
        try scanner.symbol("(")
        let size = try access(&scanner, isCast: true)
        var draft = Self(
            Instruction(code: 0xc3 | size.bits, imm: AtomicOperator.storeRelease), [.dst, .src, .off, .imm])
        (draft.insn.dst, draft.insn.off) = try place(&scanner)
        try scanner.symbol(",")
        draft.insn.src = try scanner.register(isDouble: size.isDouble, orEither: !size.isDouble)
        try scanner.symbol(")")
        return draft
    }

    /// Reads an atomic operation with a result; returns `nil` if the word names none.
    static func atomic(
        _ word: String, to left: RegisterName, _ scanner: inout LineScanner
    ) throws(AssemblyError) -> Self? {
        var draft = Self(Instruction(code: 0xdb), [.dst, .src, .off, .imm])
        let start = scanner.position
        switch word {
        case "load_acquire":
            _ = scanner.takeWord()
            try scanner.symbol("(")
            let size = try access(&scanner, isCast: true)
            draft.insn = Instruction(code: 0xc3 | size.bits, dst: left.number, imm: AtomicOperator.loadAcquire)
            if !left.isDouble && size.isDouble { throw scanner.fault("a load into a register r0 to r15", at: start) }
            (draft.insn.src, draft.insn.off) = try place(&scanner)
        case "xchg_64", "xchg32_32", "cmpxchg_64", "cmpxchg32_32":
            _ = scanner.takeWord()
            let isDouble = word.hasSuffix("_64")
            if left.isDouble != isDouble { throw scanner.fault("the operation for `\(left)`", at: start) }
            draft.insn.code = isDouble ? 0xdb : 0xc3
            draft.insn.imm = word.hasPrefix("c") ? AtomicOperator.compareExchange : AtomicOperator.exchange
            try scanner.symbol("(")
            (draft.insn.dst, draft.insn.off) = try pointer(&scanner)
            try scanner.symbol(",")
            if draft.insn.imm == AtomicOperator.compareExchange {
                if left.number != 0 { throw scanner.fault("`cmpxchg` into r0 or w0", at: start) }
                try scanner.sameRegister(left)
                try scanner.symbol(",")
                draft.insn.src = try scanner.register(isDouble: isDouble)
            } else {
                try scanner.sameRegister(left)
                draft.insn.src = left.number
            }
        default:
            guard let symbol = AtomicOperator.all.first(where: { word == "atomic_fetch_\($0.name)" }) else {
                return nil
            }
            _ = scanner.takeWord()
            try scanner.symbol("(")
            let size = try atomicAccess(&scanner, isCast: true)
            if left.isDouble != size.isDouble { throw scanner.fault("the operation for `\(left)`", at: start) }
            draft.insn = Instruction(code: 0xc3 | size.bits, src: left.number, imm: symbol.imm | AtomicOperator.fetch)
            (draft.insn.dst, draft.insn.off) = try place(&scanner)
            try scanner.symbol(",")
            try scanner.sameRegister(left)
        }
        try scanner.symbol(")")
        return draft
    }

    // MARK: Operands

    /// `*(u32 *)`, or `(u32 *)` as a cast.
    private static func access(
        _ scanner: inout LineScanner, isCast: Bool = false, allowsSigned: Bool = false
    ) throws(AssemblyError) -> AccessSize {
        if !isCast { try scanner.symbol("*") }
        try scanner.symbol("(")
        let start = scanner.position
        let word = scanner.takeWord()
        guard let size = AccessSize.all.first(where: { $0.name == word }), allowsSigned || !size.isSigned else {
            throw scanner.fault("a size such as `u8` or `u64`", at: start)
        }
        try scanner.symbol("*")
        try scanner.symbol(")")
        return size
    }

    /// The same for an operation of 32 or 64 bits only.
    private static func atomicAccess(
        _ scanner: inout LineScanner, isCast: Bool = false
    ) throws(AssemblyError) -> AccessSize {
        let start = scanner.position
        let size = try access(&scanner, isCast: isCast)
        if size.name == "u8" || size.name == "u16" { throw scanner.fault("an operation on `u32` or `u64`", at: start) }
        return size
    }

    /// `(r1 + 4)`
    private static func place(_ scanner: inout LineScanner) throws(AssemblyError) -> (UInt8, Int16) {
        try scanner.symbol("(")
        let pointer = try pointer(&scanner)
        try scanner.symbol(")")
        return pointer
    }

    /// `r1 + 4`
    private static func pointer(_ scanner: inout LineScanner) throws(AssemblyError) -> (UInt8, Int16) {
        (try scanner.doubleRegister(), try distance(Int16.self, &scanner))
    }

    /// ` + 4` or ` - 4`; empty for 0.
    private static func distance<Field: FixedWidthInteger & SignedInteger>(
        _: Field.Type, _ scanner: inout LineScanner
    ) throws(AssemblyError) -> Field {
        if scanner.takeSymbol("+") { return try scanner.field(Field.self) }
        guard scanner.takeSymbol("-") else { return 0 }
        let start = scanner.position
        if var number = scanner.takeNumber(), !number.isNegative {
            number.isNegative = true
            if let value = Field(number) { return value }
        }
        throw scanner.fault(LineScanner.expectation(of: Field.self), at: start)
    }
}
