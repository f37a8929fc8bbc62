import BPF
import Fuzzing

extension MemorySize {
    /// The size for 1, 2, 4 or 8 bytes.
    fileprivate init(bytes: Int16) {
        switch bytes {
        case 1: self = .byte
        case 2: self = .half
        case 8: self = .double
        default: self = .word
        }
    }
}

extension ProgramDraft {
    /// A load of a field of the context, or of an aligned part of it.
    mutating func writeContextLoad() {
        let fields = plan.traits.fields
        let field = fields[draws.below(fields.count)]
        var size = field.size
        if field.isNarrow && draws.chance(1, of: 2) {
            let sizes: [3 of Int16] = [1, 2, 4]
            size = min(sizes[draws.below(field.size == 8 ? 3 : 2)], size)
        }
        let off = field.off + size * Int16(draws.below(Int(field.size / size)))
        let isSteady = field.isSteady
        let extendsSign = plan.extendsSigns && size < 8 && draws.chance(1, of: 4)
        func load(_ dst: UInt8, from src: UInt8) -> Instruction {
            var insn = Instruction.load(MemorySize(bytes: size), dst, from: src, off)
            if extendsSign { insn.code ^= Opcode.memoryMode ^ Opcode.signedMemoryMode }
            return insn
        }
        switch isRunnable && !isSteady ? 7 : draws.below(8) {
        case 0:
            // If address and result are in one register, the kernel must save another.
            add(.move(0, Kept.context))
            add(load(0, from: 0))
            mixResult(isSteady: isSteady)
        case 1, 2, 3:
            add(load(keptNumber(), from: Kept.context))
        default:
            add(load(UInt8(draws.below(6)), from: Kept.context))
        }
    }

    /// A store to a field of the context.
    mutating func writeContextStore() {
        let fields = plan.traits.fields
        for _ in 0..<4 {
            let field = fields[draws.below(fields.count)]
            if !field.isWritable { continue }
            let size = MemorySize(bytes: field.size)
            if plan.storesNumbersToContext && draws.chance(3, of: 8) {
                add(
                    Instruction(
                        code: size.rawValue | Opcode.memoryMode | Opcode.storeImmediateClass, dst: Kept.context,
                        off: field.off, imm: marker()))
            } else {
                add(.store(size, to: Kept.context, field.off, keptNumber()))
            }
            return
        }
        writeContextLoad()
    }

    /// Reads or writes some bytes of the packet, if it is long enough.
    mutating func writePacketAccess(isWrite: Bool) {
        guard let packet = plan.traits.packet else { return writeMark() }
        let length = 8 + Int16(draws.below(24))
        add(.load(packet.size, Register.first, from: Kept.context, packet.start))
        add(.load(packet.size, Register.second, from: Kept.context, packet.end))
        add(.move(Register.third, Register.first))
        add(.apply(.add, Register.third, Int32(length)))
        add(
            Instruction(
                code: Condition.greater.rawValue | Opcode.jumpClass | Opcode.registerOperand, dst: Register.third,
                src: Register.second), draws.chance(1, of: 2) ? .near : .later)
        let place = Int16(draws.below(Int(length) - 7))
        if !isWrite {
            add(.load(MemorySize(bytes: 1 << Int16(draws.below(4))), 0, from: Register.first, place))
            return mixResult()
        }
        if draws.chance(1, of: 2) {
            add(
                Instruction(
                    code: Opcode.memoryMode | Opcode.storeImmediateClass, dst: Register.first, off: place,
                    imm: marker()))
        } else {
            add(.store(.double, to: Register.first, place, keptNumber()))
        }
    }

    /// Reads some bytes of the packet with `ld_abs` or `ld_ind`, which exit if there are none.
    mutating func writeLoadAbsolute(isIndirect: Bool) {
        let sizes: [3 of MemorySize] = [.byte, .half, .word]
        let mode: UInt8 = isIndirect ? 0x40 : 0x20
        let place = isRunnable || draws.chance(3, of: 4) ? Int32(draws.below(40)) : marker()
        // The number is an offset into the packet, mostly far beyond its end.
        let number: UInt8 = isIndirect ? isRunnable ? Register.second : keptNumber() : 0
        if isIndirect && isRunnable { add(.assign(Register.second, Int32(draws.below(20)))) }
        add(Instruction(code: mode | sizes[draws.below(3)].rawValue, src: number, imm: place))
        mixResult()
    }
}
