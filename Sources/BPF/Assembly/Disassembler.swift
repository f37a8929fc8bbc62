/// Writes instructions in the syntax of LLVM and bpftool, so that ``Assembler`` reads back the same bits.
///
/// Every slot has a text: fields that the syntax does not show are added in `{…}`, and instructions without a syntax
/// are written raw. Codes that neither a kernel nor the RFC defines are always raw.
public enum Disassembler {
    /// The text of one instruction.
    ///
    /// - Parameters:
    ///   - insn: the instruction, or the first slot of a wide load
    ///   - secondSlot: the slot after it; a wide load is whole if the code of this slot is 0
    ///   - target: returns the target of a jump or call for an offset
    /// - Complexity: O(1)
    public static func text(
        of insn: Instruction, secondSlot: Instruction? = nil,
        target: (_ offset: Int) -> JumpTarget = { .relative($0) }
    ) -> String {
        let second = width(of: insn, secondSlot: secondSlot) == 2 ? secondSlot : nil
        guard let (syntax, said) = syntax(of: insn, second, target) else { return raw(insn, target) }
        return syntax + extras(of: insn, second, besides: said)
    }

    /// The number of slots that ``text(of:secondSlot:target:)`` covers: 2 for a whole wide load.
    ///
    /// - Units: slots
    /// - Complexity: O(1)
    public static func width(of insn: Instruction, secondSlot: Instruction?) -> Int {
        if insn.isWide, let secondSlot, secondSlot.code == 0 { return 2 }
        return 1
    }

    /// The syntax of an instruction and the fields that it shows; `nil` for a code without a syntax.
    ///
    /// The assembler reads the other fields back as 0.
    private static func syntax(
        of insn: Instruction, _ second: Instruction?, _ target: (Int) -> JumpTarget
    ) -> (String, FieldSet)? {
        switch insn.code & Opcode.classMask {
        case 0x04, 0x07: return arithmetic(insn)
        case Opcode.jumpClass, Opcode.jump32Class: return jump(insn, target)
        case 0x00: return second == nil ? packetLoad(insn) : wide(insn, second!, target)
        case 0x01: return load(insn)
        default: return store(insn)
        }
    }

    // MARK: Fields and codes without a syntax

    private static func raw(_ insn: Instruction, _ target: (Int) -> JumpTarget) -> String {
        let kind = insn.jumpKind
        let off = kind == .short ? "\(target(Int(insn.off)))" : "\(insn.off)"
        let imm = kind == .none || kind == .short ? "\(insn.imm)" : "\(target(Int(insn.imm)))"
        return "insn \(hexadecimal(insn.code)) dst \(insn.dst) src \(insn.src) off \(off) imm \(imm)"
    }

    private static func extras(of insn: Instruction, _ second: Instruction?, besides said: FieldSet) -> String {
        var words: [String] = []
        for (name, field) in FieldSet.names where !said.contains(field) {
            let value: Int
            switch field {
            case .dst: value = Int(insn.dst)
            case .src: value = Int(insn.src)
            case .off: value = Int(insn.off)
            case .imm: value = Int(insn.imm)
            case .nextRegisters: value = Int(second?.registers ?? 0)
            case .nextOff: value = Int(second?.off ?? 0)
            default: value = Int(second?.imm ?? 0)
            }
            if value != 0 {
                words.append("\(name)=" + (field == .nextRegisters ? hexadecimal(UInt8(value)) : "\(value)"))
            }
        }
        return words.isEmpty ? "" : " {" + words.joined(separator: " ") + "}"
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0x0" : "0x") + String(byte, radix: 16)
    }

    // MARK: Jumps

    private static func jump(_ insn: Instruction, _ target: (Int) -> JumpTarget) -> (String, FieldSet)? {
        switch insn.code {
        case Opcode.ja: return ("goto \(target(Int(insn.off)))", .off)
        case Opcode.gotol: return ("gotol \(target(Int(insn.imm)))", .imm)
        case Opcode.mayGoto: return ("may_goto \(target(Int(insn.off)))", .off)
        case Opcode.gotox: return ("gotox r\(insn.dst)", .dst)
        case 0x8d: return ("callx r\(insn.dst)", .dst)
        case Opcode.exit: return ("exit", [])
        case Opcode.call:
            switch insn.src {
            // With a sign, it would be read as a distance.
            case 0: return ("call " + (insn.imm < 0 ? bits(insn.imm) : "\(insn.imm)"), [.src, .imm])
            case Opcode.pseudoCall: return ("call \(target(Int(insn.imm)))", [.src, .imm])
            case 2: return ("call kfunc \(insn.imm)", [.src, .imm])
            default: return nil
            }
        default: break
        }
        guard let comparison = Comparison.all.first(where: { $0.operation == insn.code & Opcode.operationMask }) else {
            return nil
        }
        let isDouble = insn.code & Opcode.classMask == Opcode.jumpClass
        let (source, said) = source(of: insn, isDouble: isDouble)
        let left = RegisterName(insn.dst, isDouble: isDouble)
        return ("if \(left) \(comparison.symbol) \(source) goto \(target(Int(insn.off)))", [.dst, .off, said])
    }

    private static func bits(_ imm: Int32) -> String { "0x" + String(UInt32(bitPattern: imm), radix: 16) }

    /// The right side of a comparison or of an arithmetic operator.
    static func source(of insn: Instruction, isDouble: Bool) -> (String, FieldSet) {
        insn.code & 0x08 == 0
            ? ("\(insn.imm)", .imm) : ("\(RegisterName(insn.src, isDouble: isDouble))", .src)
    }
}
