import BPF
import Patching

/// A pattern of slots, with fixed and drawn bits.
struct SlotPattern: BitwiseCopyable {
    var kind: CaseFeatures.Kind
    var code: UInt8
    /// The fixed part of the registers.
    var registers: UInt8 = 0
    /// The register bits that are drawn.
    var drawn: UInt8 = 0x99
    /// All ones if `off` is drawn from numbers that look like offsets.
    var decoyMask: Int16 = 0
    /// All ones if the marker is in `off`, because `imm` is an offset.
    var offMask: Int16 = 0
    /// All ones if the marker is in `imm`.
    var immMask: Int32 = -1
}

/// Makes single slots of a program or patch, each with a unique marker.
///
/// The marker is in `imm`; where `imm` is an offset it is in `off` (gotol, pseudo call) or in the second slot (pseudo
/// function). Fields that are neither marker nor offset hold numbers that look like offsets.
struct SlotMaker: BitwiseCopyable {
    /// The marker of the next slot.
    var marker: Int32
    /// True if some fields hold numbers at limits instead of markers.
    var isAtLimits = false

    /// Makes one slot of a pattern; the offset of a jump or call is set later.
    ///
    /// - Parameter bits: 12 of them are taken, and 10 more for fields at limits
    @inline(__always)
    mutating func make(_ pattern: SlotPattern, _ bits: inout DrawnBits) -> Instruction {
        let registers = UInt8(truncatingIfNeeded: bits.take(8))
        let decoy = Int16(truncatingIfNeeded: bits.take(4)) &- 6
        let off = decoy & pattern.decoyMask | Int16(truncatingIfNeeded: marker) & pattern.offMask
        var insn = Instruction(
            code: pattern.code, registers: registers & pattern.drawn | pattern.registers,
            off: off, imm: marker & pattern.immMask)
        marker &+= 1
        if isAtLimits { FieldLimit.put(into: &insn, pattern, &bits) }
        return insn
    }

    /// Makes one slot of the plainest form, without a draw.
    @inline(__always)
    mutating func makePlain() -> Instruction {
        marker &+= 1
        return Instruction(code: SlotPattern.plain.code, imm: marker &- 1)
    }

    /// Makes the second slot of a wide load.
    @inline(__always)
    mutating func makeSecond() -> Instruction {
        marker &+= 1
        return Instruction(code: 0, imm: marker &- 1)
    }
}

/// Numbers at and next to the limits of 8, 16 and 32 bits.
///
/// A patcher that reads a field as another one, or in another width, overflows on them.
private enum FieldLimit {
    private static let numbers: [16 of Int32] = [
        0x7f, 0x80, 0xff, 0x100, -0x80, -0x81, 0x7ffe, 0x7fff, 0x8000, 0xffff, 0x10000, -0x8000, -0x8001, .max, .min,
        -1,
    ]

    /// Puts such numbers into half of the fields that are no offsets.
    @inline(never)
    static func put(into insn: inout Instruction, _ pattern: SlotPattern, _ bits: inout DrawnBits) {
        let imm = bits.below(32)
        if imm < 16 { insn.imm = numbers[imm] & pattern.immMask }
        let off = bits.below(32)
        if off < 16 && !(pattern.kind.isJump && pattern.offMask == 0 && pattern.decoyMask == 0) {
            insn.off = Int16(truncatingIfNeeded: numbers[off])
        }
    }
}

extension SlotPattern {
    /// `rD = marker`, for slots that must be plain.
    static let plain = SlotPattern(kind: .alu, code: Opcode.movImmediate64)
    /// The number of patterns of each kind.
    static let variants = 16

    /// All patterns of all kinds, ``variants`` for each.
    static func all() -> [SlotPattern] {
        CaseFeatures.Kind.allCases.flatMap { kind in (0..<variants).map { pattern(kind, $0) } }
    }

    /// One pattern of a kind.
    private static func pattern(_ kind: CaseFeatures.Kind, _ variant: Int) -> SlotPattern {
        func pick(_ codes: [UInt8]) -> UInt8 { codes[variant % codes.count] }
        let conditions: [UInt8] = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]
        // Every fourth comparison is with a register.
        let condition = pick(conditions) | (variant % 4 == 0 ? 8 : 0)
        switch kind {
        case .alu: return SlotPattern(kind: kind, code: pick([0xb7, 0x07, 0x17, 0xb4, 0x67, 0xbf, 0x47, 0x0f]))
        case .memory:
            // One of the atomic operations has 32 bits: with a fetch, it writes half of the source register.
            let code = variant == 15 ? 0xc3 : pick([0x7a, 0x62, 0x79, 0x61, 0x63, 0x7b, 0x72, 0xdb])
            return SlotPattern(kind: kind, code: code, decoyMask: -1)
        case .wide:
            // Every source but a pseudo function.
            let src = pick([0, 1, 2, 3, 5, 6, 0, 15])
            return SlotPattern(
                kind: kind, code: Opcode.loadImmediate64, registers: src << 4, drawn: 0x09, decoyMask: -1)
        case .decoy: return decoy(variant)
        case .conditional: return SlotPattern(kind: kind, code: condition | Opcode.jumpClass)
        case .conditional32: return SlotPattern(kind: kind, code: condition | Opcode.jump32Class)
        case .ja: return SlotPattern(kind: kind, code: Opcode.ja)
        case .mayGoto: return SlotPattern(kind: kind, code: Opcode.mayGoto)
        case .odd: return SlotPattern(kind: kind, code: pick([0x0e, 0xe6, 0xed, 0xf5, 0xfd, 0xee, 0xf6, 0xfe]))
        case .gotol: return SlotPattern(kind: kind, code: Opcode.gotol, offMask: -1, immMask: 0)
        case .call:
            return SlotPattern(
                kind: kind, code: Opcode.call, registers: Opcode.pseudoCall << 4, drawn: 0x09, offMask: -1, immMask: 0)
        case .function:
            return SlotPattern(
                kind: kind, code: Opcode.loadImmediate64, registers: Opcode.pseudoFunction << 4, drawn: 0x09,
                decoyMask: -1, immMask: 0)
        }
    }

    /// A code of the jump classes that is not a jump: calls of helpers and kfuncs, `exit`, `gotox`, `callx` and similar.
    private static func decoy(_ variant: Int) -> SlotPattern {
        let codes: [UInt8] = [0x85, 0x95, 0x85, 0x0d, 0x8d, 0x86, 0x96, 0x9d]
        let code = codes[variant % codes.count]
        // A call of a helper (0), a kfunc (2), or with an undefined source; any but a pseudo call.
        let src: UInt8 = code == Opcode.call ? [0, 2, 2, 9][variant / 2 % 4] : 0
        return SlotPattern(
            kind: .decoy, code: code, registers: src << 4, drawn: code == Opcode.call ? 0x09 : 0x99, decoyMask: -1)
    }
}

extension SlotPattern {
    /// The pattern, or a similar one whose code a kernel defines.
    ///
    /// A `gotox` is replaced for every kernel: kernel functions support few of them.
    func defined(in kernel: KernelFunctions) -> SlotPattern {
        if KernelCodes.isDefined(code, in: kernel) && code != Opcode.gotox { return self }
        switch kind {
        case .decoy:
            return SlotPattern(kind: kind, code: Opcode.call, drawn: 0x09, decoyMask: -1)
        case .odd, .mayGoto, .gotol: return SlotPattern(kind: kind, code: Opcode.ja)
        default: return .plain
        }
    }
}
