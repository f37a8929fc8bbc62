import BPF

/// An instruction as a macro of `include/linux/filter.h`.
///
/// A macro is chosen only if it makes exactly the bits of the instruction; `BPF_RAW_INSN` makes all others.
enum KernelMacro {
    /// The text of the instruction at a slot, and its number of slots.
    ///
    /// - Complexity: O(1)
    static func text(of insn: Instruction, second: Instruction?) -> (text: String, width: Int) {
        if insn.isWide, let second, Instruction(code: 0, imm: second.imm) == second {
            let value = UInt64(UInt32(bitPattern: second.imm)) << 32 | UInt64(UInt32(bitPattern: insn.imm))
            let words = "0x\(String(value, radix: 16))ULL"
            if Instruction(code: insn.code, dst: insn.dst, imm: insn.imm) == insn {
                return ("BPF_LD_IMM64(\(register(insn.dst)), \(words))", 2)
            }
            if Instruction(code: insn.code, dst: insn.dst, src: insn.src, imm: insn.imm) == insn {
                return ("BPF_LD_IMM64_RAW(\(register(insn.dst)), \(insn.src), \(words))", 2)
            }
        }
        let candidate = candidate(insn)
        if let candidate, candidate.makes == insn { return (candidate.text, 1) }
        return (raw(insn), 1)
    }

    /// The fields without names.
    static func raw(_ insn: Instruction) -> String {
        "BPF_RAW_INSN(0x\(String(insn.code, radix: 16)), \(register(insn.dst)), \(register(insn.src)), "
            + "\(insn.off), \(number(insn.imm)))"
    }

    private static func register(_ number: UInt8) -> String { number <= 10 ? "BPF_REG_\(number)" : "\(number)" }

    /// A 32-bit constant: the least number is no literal in C.
    private static func number(_ value: Int32) -> String { value == .min ? "(-2147483647 - 1)" : "\(value)" }

    /// The only macro that fits the code, and the instruction that it makes.
    private static func candidate(_ i: Instruction) -> (text: String, makes: Instruction)? {
        switch i.code & Opcode.classMask {
        case 0x04: return arithmetic(i, "32")
        case 0x07: return arithmetic(i, "64")
        case Opcode.jumpClass: return jump(i) ?? comparison(i, "BPF_JMP")
        case Opcode.jump32Class:
            if i.code == Opcode.gotol {
                return ("BPF_JMP32_A(\(number(i.imm)))", Instruction(code: i.code, imm: i.imm))
            }
            return comparison(i, "BPF_JMP32")
        default: return memory(i)
        }
    }

    private static func arithmetic(_ i: Instruction, _ width: String) -> (String, Instruction)? {
        guard let name = operations[i.code & Opcode.operationMask] else { return nil }
        let (dst, src) = (register(i.dst), register(i.src))
        if name == "BPF_END" {
            let order = i.code & 0x08 == 0 ? "BPF_TO_LE" : "BPF_TO_BE"
            if width == "64" { return nil }
            return ("BPF_ENDIAN(\(order), \(dst), \(i.imm))", Instruction(code: i.code, dst: i.dst, imm: i.imm))
        }
        let isMove = name == "BPF_MOV"
        let start = isMove ? "BPF_MOV\(width)" : "BPF_ALU\(width)"
        let words = isMove ? "" : name + ", "
        if i.code & 0x08 == 0 {
            return ("\(start)_IMM(\(words)\(dst), \(number(i.imm)))", Instruction(code: i.code, dst: i.dst, imm: i.imm))
        }
        return ("\(start)_REG(\(words)\(dst), \(src))", Instruction(code: i.code, dst: i.dst, src: i.src))
    }

    private static func jump(_ i: Instruction) -> (String, Instruction)? {
        switch i.code {
        case Opcode.ja: return ("BPF_JMP_A(\(i.off))", Instruction(code: i.code, off: i.off))
        case Opcode.exit: return ("BPF_EXIT_INSN()", Instruction(code: i.code))
        case Opcode.call:
            let call = Instruction(code: i.code, src: i.src, imm: i.imm)
            switch i.src {
            case 0: return ("BPF_EMIT_CALL(\(number(i.imm)))", call)
            case Opcode.pseudoCall: return ("BPF_CALL_REL(\(number(i.imm)))", call)
            case 2:
                return (
                    "BPF_CALL_KFUNC(\(i.off), \(number(i.imm)))",
                    Instruction(code: i.code, src: 2, off: i.off, imm: i.imm)
                )
            default: return nil
            }
        default: return nil
        }
    }

    private static func comparison(_ i: Instruction, _ start: String) -> (String, Instruction)? {
        guard let name = comparisons[i.code & Opcode.operationMask] else { return nil }
        let dst = register(i.dst)
        if i.code & 0x08 == 0 {
            return (
                "\(start)_IMM(\(name), \(dst), \(number(i.imm)), \(i.off))",
                Instruction(code: i.code, dst: i.dst, off: i.off, imm: i.imm)
            )
        }
        return (
            "\(start)_REG(\(name), \(dst), \(register(i.src)), \(i.off))",
            Instruction(code: i.code, dst: i.dst, src: i.src, off: i.off)
        )
    }

    private static func memory(_ i: Instruction) -> (String, Instruction)? {
        let size = ["BPF_W", "BPF_H", "BPF_B", "BPF_DW"][Int(i.code >> 3 & 3)]
        let (dst, src) = (register(i.dst), register(i.src))
        let registers = Instruction(code: i.code, dst: i.dst, src: i.src, off: i.off)
        switch i.code & 0xe7 {
        case 0x20: return ("BPF_LD_ABS(\(size), \(number(i.imm)))", Instruction(code: i.code, imm: i.imm))
        case 0x40:
            return ("BPF_LD_IND(\(size), \(src), \(number(i.imm)))", Instruction(code: i.code, src: i.src, imm: i.imm))
        case 0x61: return ("BPF_LDX_MEM(\(size), \(dst), \(src), \(i.off))", registers)
        case 0x81: return ("BPF_LDX_MEMSX(\(size), \(dst), \(src), \(i.off))", registers)
        case 0x62:
            return (
                "BPF_ST_MEM(\(size), \(dst), \(i.off), \(number(i.imm)))",
                Instruction(code: i.code, dst: i.dst, off: i.off, imm: i.imm)
            )
        case 0x63: return ("BPF_STX_MEM(\(size), \(dst), \(src), \(i.off))", registers)
        case 0xc3:
            return (
                "BPF_ATOMIC_OP(\(size), 0x\(String(UInt32(bitPattern: i.imm), radix: 16)), \(dst), \(src), \(i.off))", i
            )
        default: return nil
        }
    }

    private static let operations: [UInt8: String] = [
        0x00: "BPF_ADD", 0x10: "BPF_SUB", 0x20: "BPF_MUL", 0x30: "BPF_DIV", 0x40: "BPF_OR", 0x50: "BPF_AND",
        0x60: "BPF_LSH", 0x70: "BPF_RSH", 0x80: "BPF_NEG", 0x90: "BPF_MOD", 0xa0: "BPF_XOR", 0xb0: "BPF_MOV",
        0xc0: "BPF_ARSH", 0xd0: "BPF_END",
    ]

    private static let comparisons: [UInt8: String] = [
        0x10: "BPF_JEQ", 0x20: "BPF_JGT", 0x30: "BPF_JGE", 0x40: "BPF_JSET", 0x50: "BPF_JNE", 0x60: "BPF_JSGT",
        0x70: "BPF_JSGE", 0xa0: "BPF_JLT", 0xb0: "BPF_JLE", 0xc0: "BPF_JSLT", 0xd0: "BPF_JSLE",
    ]
}
