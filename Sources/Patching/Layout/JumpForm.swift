import BPF

/// What the code of an instruction says of its jump, as bits to calculate with rather than to branch on.
///
/// Whether a slot is a jump, and of which kind, is as good as random: every other branch on it is mispredicted, and that
/// costs more than all that is done with a slot otherwise.
struct JumpForm: BitwiseCopyable {
    /// The forms of all codes.
    struct Table: ~Copyable {
        private let storage = RowStorage<JumpForm>(capacity: 256)

        init() {
            let forms = row
            for code in UInt8.min...UInt8.max { forms[Slot(Int(code))] = JumpForm(of: code) }
        }

        /// The forms, indexed by code.
        var row: Row<Slot, JumpForm> { storage.row() }
    }

    /// From the low byte on: which bits of the registers matter, what they have to be, whether the offset is short, and
    /// whether it is a call.
    private let bits: UInt32

    /// Reads the form of a code off the instructions that it makes with each source register.
    init(of code: UInt8) {
        let kinds = (0..<16).map { Instruction(code: code, src: UInt8($0)).jumpKind }
        guard let source = kinds.firstIndex(where: { $0 != .none }) else {
            // No bits of no register are ever 1.
            bits = 1 << 8
            return
        }
        let kind = kinds[source]
        let registers: UInt32 = kinds.contains(.none) ? 0xf0 | UInt32(source) << 12 : 0
        bits = registers | (kind == .short ? 1 << 16 : 0) | (kind.isCall ? 1 << 24 : 0)
    }

    /// Whether an instruction of this code is a jump or call.
    ///
    /// - Parameter insn: its eight bytes
    @inline(__always)
    func isJump(_ insn: UInt64) -> Bool {
        UInt32(truncatingIfNeeded: insn >> 8) & bits & 0xff == bits >> 8 & 0xff
    }

    /// Whether the offset is in the 16 bits of `off`, if it is a jump or call.
    @inline(__always)
    var isShort: Bool { bits & 1 << 16 != 0 }

    /// Whether it is a call, if it is a jump or call.
    @inline(__always)
    var isCall: Bool { bits >> 24 != 0 }

    /// The offset, if it is a jump or call.
    ///
    /// - Parameter insn: its eight bytes
    /// - Units: slots, relative to the slot behind the instruction
    @inline(__always)
    func offset(of insn: UInt64) -> Int {
        let short = Int(Int16(truncatingIfNeeded: insn >> 16))
        let long = Int(Int32(truncatingIfNeeded: insn >> 32))
        return isShort ? short : long
    }

    /// The eight bytes of a jump or call with another offset, of which the field takes what it can hold.
    @inline(__always)
    func setting(_ offset: Int, in insn: UInt64) -> UInt64 {
        let short = insn & 0xffff_ffff_0000_ffff | UInt64(UInt16(truncatingIfNeeded: offset)) << 16
        let long = insn & 0xffff_ffff | UInt64(UInt32(truncatingIfNeeded: offset)) << 32
        return isShort ? short : long
    }
}
