import BPF
import Fuzzing

extension MemorySize {
    /// The size of a number of bytes, of which there are 1, 2, 4 and 8.
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
    /// A load of a field of the context, or of a part of it.
    mutating func writeContextLoad() {
        let fields = plan.traits.fields
        let field = fields[draws.below(fields.count)]
        var size = field.size
        if field.isNarrow { size = draws.chance(1, of: 2) ? size : draws.chance(1, of: 2) ? 1 : 2 }
        let off = field.off + size * Int16(draws.below(Int(field.size / size)))
        let isSteady = field.isSteady
        switch isRunnable && !isSteady ? 7 : draws.below(8) {
        case 0:
            // Where address and result are one register, the kernel must save another.
            add(.move(0, Kept.context))
            add(.load(MemorySize(bytes: size), 0, from: 0, off))
            mixResult(isSteady: isSteady)
        case 1, 2, 3:
            add(.load(MemorySize(bytes: size), keptNumber(), from: Kept.context, off))
        default:
            add(.load(MemorySize(bytes: size), UInt8(draws.below(6)), from: Kept.context, off))
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

    /// Reads or writes some bytes of the packet, if it has them.
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

    /// Reads some bytes of the packet the old way, which leaves the program if there are none.
    mutating func writeLoadAbsolute(isIndirect: Bool) {
        let sizes: [3 of MemorySize] = [.byte, .half, .word]
        let mode: UInt8 = isIndirect ? 0x40 : 0x20
        let place = isRunnable || draws.chance(3, of: 4) ? Int32(draws.below(40)) : marker()
        // The number is an offset into the packet, and mostly far beyond it.
        let number: UInt8 = isIndirect ? isRunnable ? Register.second : keptNumber() : 0
        if isIndirect && isRunnable { add(.assign(Register.second, Int32(draws.below(20)))) }
        add(Instruction(code: mode | sizes[draws.below(3)].rawValue, src: number, imm: place))
        mixResult()
    }
}
