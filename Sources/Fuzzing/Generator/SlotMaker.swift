import BPF

/// Makes single slots of a program or patch, each with a marker of its own.
///
/// The marker is in `imm`; where `imm` is an offset it is in `off` (gotol, pseudo call) or in the second slot (pseudo
/// function). Fields that are neither marker nor offset hold numbers that look like offsets.
struct SlotMaker {
    /// The marker of the next slot.
    var marker: Int32

    /// The operations of a conditional jump.
    private static let conditions: [12 of UInt8] = [
        0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0, 0x10,
    ]
    /// Codes that are 16-bit jumps by the rules although no compiler makes them.
    private static let oddCodes: [8 of UInt8] = [0x0e, 0xe6, 0xed, 0xf5, 0xfd, 0xee, 0xf6, 0xfe]
    /// Codes of the jump classes that are no jumps at all.
    private static let decoys: [8 of UInt8] = [0x85, 0x95, 0x85, 0x0d, 0x8d, 0x86, 0x96, 0x9d]
    private static let aluCodes: [8 of UInt8] = [0xb7, 0x07, 0x17, 0xb4, 0x67, 0xbf, 0x47, 0x0f]
    private static let memoryCodes: [8 of UInt8] = [0x7a, 0x62, 0x79, 0x61, 0x63, 0x7b, 0x72, 0xdb]

    /// Makes one slot of a kind; a jump or call gets its offset later.
    ///
    /// - Parameter bits: a draw of which the upper 40 bits are used
    @inline(__always)
    mutating func make(_ kind: CaseFeatures.Kind, _ bits: UInt64) -> Instruction {
        let pick = Int(bits >> 24 & 7)
        let registers = UInt8(truncatingIfNeeded: bits >> 32) & 0x99
        // Small, of either sign: a wrong patcher takes it for an offset within the program.
        let decoyOff = Int16(truncatingIfNeeded: Int(bits >> 40 & 15) - 6)
        let imm = marker
        marker &+= 1
        switch kind {
        case .alu: return Instruction(code: SlotMaker.aluCodes[pick], registers: registers, off: 0, imm: imm)
        case .memory:
            return Instruction(code: SlotMaker.memoryCodes[pick], registers: registers, off: decoyOff, imm: imm)
        case .wide:
            // Every source but a pseudo function.
            let src: UInt8 = pick == 4 ? 0 : UInt8(pick)
            return Instruction(code: Opcode.loadImmediate64, dst: registers, src: src, off: decoyOff, imm: imm)
        case .decoy:
            let code = SlotMaker.decoys[pick]
            // A helper (0) or kfunc (2) call, or anything but a pseudo call.
            let src: UInt8 = code == Opcode.call ? (pick == 0 ? 0 : 2) : UInt8(truncatingIfNeeded: bits >> 44 & 7)
            return Instruction(code: code, dst: registers & 15, src: src, off: decoyOff, imm: imm)
        case .conditional, .conditional32:
            let operation = SlotMaker.conditions[(Int(bits >> 24 & 255) * 12) >> 8]
            let source: UInt8 = bits >> 36 & 3 == 0 ? 8 : 0
            let code = operation | source | (kind == .conditional ? Opcode.jumpClass : Opcode.jump32Class)
            return Instruction(code: code, registers: registers, off: 0, imm: imm)
        case .ja: return Instruction(code: Opcode.ja, registers: registers, off: 0, imm: imm)
        case .mayGoto: return Instruction(code: Opcode.mayGoto, registers: registers, off: 0, imm: imm)
        case .odd: return Instruction(code: SlotMaker.oddCodes[pick], registers: registers, off: 0, imm: imm)
        case .gotol:
            return Instruction(
                code: Opcode.gotol, registers: registers, off: Int16(truncatingIfNeeded: imm), imm: 0)
        case .call:
            return Instruction(
                code: Opcode.call, dst: registers & 15, src: Opcode.pseudoCall, off: Int16(truncatingIfNeeded: imm))
        case .function:
            return Instruction(
                code: Opcode.loadImmediate64, dst: registers & 15, src: Opcode.pseudoFunction, off: decoyOff)
        }
    }

    /// Makes the second slot of a wide load.
    @inline(__always)
    mutating func makeSecond() -> Instruction {
        marker &+= 1
        return Instruction(code: 0, imm: marker &- 1)
    }
}
