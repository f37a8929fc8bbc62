import BPF

/// The text of an instruction as the kernel's disassembler prints it, for `__xlated` lines.
///
/// The selftests search for a text in a line, so a prefix is enough where the rest is not known: the address of a helper,
/// a map or a function.
///
/// - Source: `kernel/bpf/disasm.c`, `tools/testing/selftests/bpf/disasm_helpers.c`
enum XlatedText {
    /// The text of the instruction, or its known start; empty for an instruction without a text here.
    ///
    /// - Complexity: O(1)
    static func text(of i: Instruction, second: Instruction?) -> String {
        switch i.code & Opcode.classMask {
        case 0x04, 0x07: return arithmetic(i)
        case Opcode.jumpClass, Opcode.jump32Class: return jump(i)
        case 0x00: return packetOrWide(i, second)
        default: return memory(i)
        }
    }

    private static func signed(_ value: Int) -> String { value < 0 ? "\(value)" : "+\(value)" }

    private static func arithmetic(_ i: Instruction) -> String {
        let operation = i.code & Opcode.operationMask
        let isDouble = i.code & Opcode.classMask == 0x07
        let letter = isDouble ? "r" : "w"
        if operation == 0xd0 {
            let order = isDouble ? "bswap" : i.code & 0x08 == 0 ? "le" : "be"
            return "r\(i.dst) = \(order)\(i.imm) r\(i.dst)"
        }
        if operation == 0x80 { return "\(letter)\(i.dst) = -\(letter)\(i.dst)" }
        guard var symbol = symbols[operation] else { return "" }
        let isSigned = (operation == 0x30 || operation == 0x90) && i.off == 1
        if isSigned { symbol = "s" + symbol }
        if i.code & 0x08 == 0 { return "\(letter)\(i.dst) \(symbol) \(i.imm)" }
        var cast = ""
        if operation == 0xb0 && i.off != 0 {
            if isDouble && i.off == -1 { return "r\(i.dst) = &(void __percpu *)(r\(i.src))" }
            if ![8, 16, 32].contains(i.off) { return "" }
            cast = "(s\(i.off))"
        }
        return "\(letter)\(i.dst) \(symbol) \(cast)\(letter)\(i.src)"
    }

    private static func jump(_ i: Instruction) -> String {
        switch i.code {
        case Opcode.ja: return "goto pc\(signed(Int(i.off)))"
        case Opcode.gotol: return "gotol pc\(signed(Int(i.imm)))"
        case Opcode.mayGoto: return i.src == 0 ? "may_goto pc\(signed(Int(i.off)))" : ""
        case Opcode.gotox: return ""
        case Opcode.exit: return "exit"
        // After the JIT, the offset of a subprogram call is printed; the address of a helper is not known.
        case Opcode.call: return i.src == Opcode.pseudoCall ? "call pc\(signed(Int(i.imm)))" : "call "
        default: break
        }
        let isDouble = i.code & Opcode.classMask == Opcode.jumpClass
        let letter = isDouble ? "r" : "w"
        guard let comparison = comparisons[i.code & Opcode.operationMask] else { return "" }
        let right =
            i.code & 0x08 == 0
            ? "0x" + String(UInt32(bitPattern: i.imm), radix: 16) : "\(letter)\(i.src)"
        return "if \(letter)\(i.dst) \(comparison) \(right) goto pc\(signed(Int(i.off)))"
    }

    private static func packetOrWide(_ i: Instruction, _ second: Instruction?) -> String {
        if i.isWide {
            guard let second, i.src == 0 else { return "r\(i.dst) = " }
            let value = UInt64(UInt32(bitPattern: second.imm)) << 32 | UInt64(UInt32(bitPattern: i.imm))
            return "r\(i.dst) = 0x" + String(value, radix: 16)
        }
        switch i.code & 0xe7 {
        case 0x20: return "r0 = *(\(size(i, "u")) *)skb[\(i.imm)]"
        case 0x40: return "r0 = *(\(size(i, "u")) *)skb[r\(i.src) + \(i.imm)]"
        default: return ""
        }
    }

    private static func memory(_ i: Instruction) -> String {
        func place(_ register: UInt8) -> String { "(r\(register) \(signed(Int(i.off))))" }
        switch i.code & 0xe7 {
        case 0x61: return "r\(i.dst) = *(\(size(i, "u")) *)\(place(i.src))"
        case 0x81: return "r\(i.dst) = *(\(size(i, "s")) *)\(place(i.src))"
        case 0x62: return "*(\(size(i, "u")) *)\(place(i.dst)) = \(i.imm)"
        case 0x63: return "*(\(size(i, "u")) *)\(place(i.dst)) = r\(i.src)"
        case 0xc2: return "nospec"
        default: return ""
        }
    }

    private static func size(_ i: Instruction, _ letter: String) -> String {
        letter + ["32", "16", "8", "64"][Int(i.code >> 3 & 3)]
    }

    private static let symbols: [UInt8: String] = [
        0x00: "+=", 0x10: "-=", 0x20: "*=", 0x30: "/=", 0x40: "|=", 0x50: "&=", 0x60: "<<=", 0x70: ">>=",
        0x90: "%=", 0xa0: "^=", 0xb0: "=", 0xc0: "s>>=",
    ]

    private static let comparisons: [UInt8: String] = [
        0x10: "==", 0x20: ">", 0x30: ">=", 0x40: "&", 0x50: "!=", 0x60: "s>", 0x70: "s>=", 0xa0: "<", 0xb0: "<=",
        0xc0: "s<", 0xd0: "s<=",
    ]
}
