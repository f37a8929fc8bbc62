import BPF

/// The oracle's own table of the fields that hold offsets.
///
/// It follows the table in SEMANTICS row by row and is independent of ``BPF/Instruction/jumpKind``, so a wrong row in
/// either one leads to a finding.
///
/// - Source: SEMANTICS, "Program"
struct JumpReading: ~Copyable {
    /// The field of the offset.
    enum Field: UInt8, BitwiseCopyable {
        case none
        /// A jump, with 16 bits in `off`.
        case off
        /// A jump, with 32 bits in `imm`.
        case imm
        /// A call or a pseudo function, with 32 bits in `imm`.
        case callee

        /// True if the target must be a subprogram start.
        @inline(__always)
        var isCall: Bool { self == .callee }
    }

    private var fields = Scratch<Field>(capacity: 256 * 16)

    init() {
        let table = fields.buffer(as: Slot.self)
        for code in 0..<256 {
            for src in 0..<16 { unsafe table[Slot(code << 4 | src)] = JumpReading.field(UInt8(code), UInt8(src)) }
        }
    }

    /// The table of SEMANTICS, row by row; the last row excludes the codes of the others.
    private static func field(_ code: UInt8, _ src: UInt8) -> Field {
        if code == 0x06 { return .imm }
        if code == 0x85 { return src == 1 ? .callee : .none }
        if code == 0x18 { return src == 4 ? .callee : .none }
        let isJump = code % 8 == 5 || code % 8 == 6
        let operation = code / 16
        return isJump && operation != 8 && operation != 9 && code != 0x0d ? .off : .none
    }

    /// A view for a loop.
    var table: Table { Table(fields: fields.buffer()) }

    /// A view that a loop can keep in registers.
    struct Table: BitwiseCopyable {
        let fields: UnsafeTypedBuffer<Slot, Field>

        /// The field that holds the offset of an instruction.
        @inline(__always)
        subscript(insn: Instruction) -> Field {
            unsafe fields[Slot(Int(insn.code) << 4 | Int(insn.registers >> 4))]
        }

        /// 1 for a jump or call, else 0.
        @inline(__always)
        func count(_ insn: Instruction) -> Int { min(Int(self[insn].rawValue), 1) }
    }
}

extension Instruction {
    /// The offset in a field.
    @inline(__always)
    func offset(in field: JumpReading.Field) -> Int { field == .off ? Int(off) : Int(imm) }

    /// The same instruction with another offset; `nil` if it does not fit the field.
    @inline(__always)
    func reaching(_ offset: Int, in field: JumpReading.Field) -> Instruction? {
        var insn = self
        if field == .off {
            if offset < -32768 || offset > 32767 { return nil }
            insn.off = Int16(truncatingIfNeeded: offset)
        } else {
            if offset < -0x8000_0000 || offset > 0x7fff_ffff { return nil }
            insn.imm = Int32(truncatingIfNeeded: offset)
        }
        return insn
    }
}
