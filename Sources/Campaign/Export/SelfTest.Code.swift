import BPF

extension SelfTest {
    /// The slots of one subprogram as inline assembly.
    ///
    /// Statements are those that every LLVM with a BPF target reads. All other instructions are raw words, as in the
    /// selftests themselves.
    struct Code {
        /// The lines of the assembly, each a C string.
        private(set) var lines: [String] = []
        /// The raw words: name and instruction.
        private(set) var words: [(name: String, insn: Instruction)] = []

        /// The shortest run of equal instructions that is repeated by the assembler.
        private static let shortestRun = 16

        /// - Parameters:
        ///   - slots: the slots of the subprogram
        ///   - function: the C name of the subprogram that starts at a slot
        /// - Throws: ``ExportFault`` for a reference to a map or to a kernel function
        init(_ insns: [Instruction], _ slots: Range<Int>, function: (Int) -> String?) throws(ExportFault) {
            let targets = Set(slots.compactMap { Self.target(of: insns[$0], at: $0) })
            var slot = slots.lowerBound
            while slot < slots.upperBound {
                if targets.contains(slot) { lines.append("\"\(Self.label(slot)):\"") }
                let insn = insns[slot]
                var end = slot + 1
                while end < slots.upperBound && insns[end] == insn && !targets.contains(end) { end += 1 }
                let isRun = end - slot >= Self.shortestRun && insn.jumpKind == .none && !insn.isWide
                let second = slot + 1 < slots.upperBound ? insns[slot + 1] : nil
                let statement = try Self.statement(insn, second, at: slot, function)
                if isRun { lines.append("\".rept \(end - slot);\"") }
                if let statement {
                    lines.append("\"\(statement);\"")
                } else {
                    lines.append("\".8byte %[insn\(slot)];\"")
                    words.append(("insn\(slot)", insn))
                }
                if isRun { lines.append("\".endr;\"") }
                slot = isRun ? end : slot + insn.width
            }
        }

        /// A label that is unique in the object.
        private static func label(_ slot: Int) -> String { "l\(slot)_%=" }

        private static func target(of insn: Instruction, at slot: Int) -> Int? {
            let kind = insn.jumpKind
            return kind.isJump ? slot + 1 + insn.jumpOffset(kind) : nil
        }

        /// The statement of an instruction, or `nil` if it is written as a raw word.
        private static func statement(
            _ insn: Instruction, _ second: Instruction?, at slot: Int, _ function: (Int) -> String?
        ) throws(ExportFault) -> String? {
            let kind = insn.jumpKind
            if kind.isCall {
                let start = slot + 1 + insn.jumpOffset(kind)
                guard let name = function(start) else {
                    throw ExportFault("slot \(slot) reaches no subprogram")
                }
                return kind == .call ? "call \(name)" : "r\(insn.dst) = \(name) ll"
            }
            if insn.isWide && insn.src != 0 {
                throw ExportFault("slot \(slot) loads the address of a map, which the test would have to declare")
            }
            if insn.code == Opcode.call && insn.src == 2 {
                throw ExportFault("slot \(slot) calls a kernel function, which the test would have to declare")
            }
            if !isPlain(insn) { return nil }
            let text = Disassembler.text(of: insn, secondSlot: second) { .label(label(slot + 1 + $0)) }
            // Fields that the syntax does not show.
            return text.contains("{") || text.hasPrefix("insn") ? nil : text
        }

        /// True for an instruction that every LLVM assembles.
        private static func isPlain(_ i: Instruction) -> Bool {
            switch i.code & Opcode.classMask {
            case 0x04: return i.off == 0
            case 0x07: return i.off == 0 && i.code & Opcode.operationMask != 0xd0
            case 0x01: return i.code & 0xe0 == 0x60
            case 0x03: return i.code & 0xe0 == 0x60
            case 0x00: return i.isWide
            case Opcode.jumpClass: return i.code != Opcode.mayGoto && i.code != Opcode.gotox && i.code != 0x8d
            case Opcode.jump32Class: return i.code != Opcode.gotol
            default: return false
            }
        }
    }
}
