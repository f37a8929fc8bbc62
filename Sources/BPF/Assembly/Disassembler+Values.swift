extension Disassembler {
    /// Arithmetic of both widths.
    static func arithmetic(_ insn: Instruction) -> (String, FieldSet)? {
        let isDouble = insn.code & Opcode.classMask == 0x07
        let dst = RegisterName(insn.dst, isDouble: isDouble)
        switch insn.code {
        case 0x84, 0x87: return ("\(dst) = -\(dst)", .dst)
        case 0xd4, 0xdc, 0xd7:
            guard insn.imm == 16 || insn.imm == 32 || insn.imm == 64 else { return nil }
            let name = insn.code == 0xd4 ? "le" : insn.code == 0xdc ? "be" : "bswap"
            return ("r\(insn.dst) = \(name)\(insn.imm) r\(insn.dst)", [.dst, .imm])
        case 0xbf where insn.off == 8 || insn.off == 16 || insn.off == 32, 0xbc where insn.off == 8 || insn.off == 16:
            return ("\(dst) = (s\(insn.off))\(RegisterName(insn.src, isDouble: isDouble))", [.dst, .src, .off])
        default: break
        }
        let (source, said) = source(of: insn, isDouble: isDouble)
        if insn.code & Opcode.operationMask == 0xb0 { return ("\(dst) = \(source)", [.dst, said]) }
        guard let symbol = ArithmeticOperator.of(insn) else { return nil }
        return ("\(dst) \(symbol.symbol) \(source)", symbol.isSigned ? [.dst, .off, said] : [.dst, said])
    }

    /// A whole wide load.
    static func wide(
        _ insn: Instruction, _ second: Instruction, _ target: (Int) -> JumpTarget
    ) -> (String, FieldSet)? {
        switch insn.src {
        case 0:
            let value = Int64(second.imm) << 32 | Int64(UInt32(bitPattern: insn.imm))
            // A number of more than 32 bits is an address or a bit pattern: hexadecimal.
            let isSmall = value >= Int64(Int32.min) && value <= Int64(UInt32.max)
            let number = isSmall ? "\(value)" : "0x" + String(UInt64(bitPattern: value), radix: 16)
            return ("r\(insn.dst) = \(number) ll", [.dst, .imm, .nextImm])
        case Opcode.pseudoFunction:
            let place = target(Int(insn.imm))
            // Without the word, the assembler would read a relative target as a constant.
            let word = if case .relative = place { "subprog " } else { "" }
            return ("r\(insn.dst) = \(word)\(place) ll", [.dst, .src, .imm])
        default:
            return ("r\(insn.dst) = \(insn.imm) ll", [.dst, .imm])
        }
    }

    /// `LD_ABS` and `LD_IND`: loads from a packet, inherited from classic BPF.
    static func packetLoad(_ insn: Instruction) -> (String, FieldSet)? {
        let size = AccessSize.of(insn.code)
        if size.isDouble { return nil }
        switch insn.code & 0xe0 {
        case 0x20: return ("r0 = *(\(size.name) *)skb[\(insn.imm)]", .imm)
        case 0x40: return ("r0 = *(\(size.name) *)skb[r\(insn.src)\(distance(insn.imm))]", [.src, .imm])
        default: return nil
        }
    }

    static func load(_ insn: Instruction) -> (String, FieldSet)? {
        let size = AccessSize.of(insn.code)
        let name: String
        switch insn.code & 0xe0 {
        case 0x60: name = size.name
        case 0x80 where !size.isDouble: name = "s" + size.name.dropFirst()
        default: return nil
        }
        return ("r\(insn.dst) = *(\(name) *)(r\(insn.src)\(distance(insn.off)))", [.dst, .src, .off])
    }

    /// Stores of the classes `ST` and `STX`, including atomic operations.
    static func store(_ insn: Instruction) -> (String, FieldSet)? {
        let size = AccessSize.of(insn.code)
        let place = "(\(size.name) *)(r\(insn.dst)\(distance(insn.off)))"
        switch (insn.code & 0xe0, insn.code & Opcode.classMask) {
        case (0x60, 0x02): return ("*\(place) = \(insn.imm)", [.dst, .off, .imm])
        case (0x60, 0x03): return ("*\(place) = r\(insn.src)", [.dst, .src, .off])
        case (0xc0, 0x03): return atomic(insn, size, place).map { ($0, [.dst, .src, .off, .imm]) }
        default: return nil
        }
    }

    private static func atomic(_ insn: Instruction, _ size: AccessSize, _ place: String) -> String? {
        let source = RegisterName(insn.src, isDouble: size.isDouble)
        if insn.imm == AtomicOperator.storeRelease { return "store_release(\(place), \(source))" }
        if insn.imm == AtomicOperator.loadAcquire {
            let dst = RegisterName(insn.dst, isDouble: size.isDouble)
            return "\(dst) = load_acquire((\(size.name) *)(r\(insn.src)\(distance(insn.off))))"
        }
        guard size.isDouble || size.bits == 0 else { return nil }
        let suffix = size.isDouble ? "_64" : "32_32"
        let pointer = "r\(insn.dst)\(distance(insn.off))"
        switch insn.imm {
        case AtomicOperator.exchange: return "\(source) = xchg\(suffix)(\(pointer), \(source))"
        case AtomicOperator.compareExchange:
            let accumulator = RegisterName(0, isDouble: size.isDouble)
            return "\(accumulator) = cmpxchg\(suffix)(\(pointer), \(accumulator), \(source))"
        default: break
        }
        guard let symbol = AtomicOperator.all.first(where: { $0.imm == insn.imm & ~AtomicOperator.fetch }) else {
            return nil
        }
        return insn.imm & AtomicOperator.fetch == 0
            ? "lock *\(place) \(symbol.symbol) \(source)"
            : "\(source) = atomic_fetch_\(symbol.name)(\(place), \(source))"
    }

    /// ` + 4` or ` - 4`
    private static func distance<Field: FixedWidthInteger & SignedInteger>(_ value: Field) -> String {
        value < 0 ? " - \(value.magnitude)" : " + \(value)"
    }
}
