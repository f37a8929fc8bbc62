/// One slot of a BPF program, laid out as the kernel's `struct bpf_insn` on a little-endian machine.
///
/// A 64-bit immediate load takes two slots (see ``isWide``); everything else takes one.
///
/// - Shape: `code`, `dst:4 src:4`, `off`, `imm`; 8 bytes, no padding, aligned to 8
/// - Source: RFC 9669, section 3
@frozen
public struct Instruction: Hashable, Sendable, BitwiseCopyable {
    /// The eight bytes, read as a little-endian number: code, registers, `off` and `imm` from the lowest bit up.
    ///
    /// One word, so that a copy is one load and one store, even if fields are read in between.
    public var bits: UInt64

    /// Makes an instruction from its eight bytes, read as a little-endian number.
    @inlinable @inline(__always)
    public init(bits: UInt64) { self.bits = bits }

    /// Class, operation and source or size bits.
    @inlinable @inline(__always)
    public var code: UInt8 {
        get { UInt8(truncatingIfNeeded: bits) }
        set { bits = bits & ~0xff | UInt64(newValue) }
    }

    /// `dst_reg` in the low nibble, `src_reg` in the high one.
    @inlinable @inline(__always)
    public var registers: UInt8 {
        get { UInt8(truncatingIfNeeded: bits &>> 8) }
        set { bits = bits & ~0xff00 | UInt64(newValue) &<< 8 }
    }

    /// The signed 16-bit offset field.
    @inlinable @inline(__always)
    public var off: Int16 {
        get { Int16(truncatingIfNeeded: bits &>> 16) }
        set { bits = bits & ~0xffff_0000 | UInt64(UInt16(bitPattern: newValue)) &<< 16 }
    }

    /// The signed 32-bit immediate field.
    @inlinable @inline(__always)
    public var imm: Int32 {
        get { Int32(truncatingIfNeeded: bits &>> 32) }
        set { bits = bits & 0xffff_ffff | UInt64(UInt32(bitPattern: newValue)) &<< 32 }
    }

    @inlinable @inline(__always)
    public init(code: UInt8, registers: UInt8, off: Int16, imm: Int32) {
        bits =
            UInt64(code) | UInt64(registers) &<< 8 | UInt64(UInt16(bitPattern: off)) &<< 16
            | UInt64(UInt32(bitPattern: imm)) &<< 32
    }

    /// Makes an instruction from its fields; registers are cut to four bits.
    @inlinable @inline(__always)
    public init(code: UInt8, dst: UInt8 = 0, src: UInt8 = 0, off: Int16 = 0, imm: Int32 = 0) {
        self.init(code: code, registers: (dst & 15) | (src << 4), off: off, imm: imm)
    }

    /// Eight zero bytes, as in a placeholder of a patch.
    @inlinable
    public static var zero: Instruction { Instruction(code: 0) }

    /// The destination register, 0 to 15.
    @inlinable @inline(__always)
    public var dst: UInt8 {
        get { registers & 15 }
        set { registers = registers & 0xf0 | newValue & 15 }
    }

    /// The source register, 0 to 15. In calls and wide loads it selects the kind.
    @inlinable @inline(__always)
    public var src: UInt8 {
        get { registers >> 4 }
        set { registers = registers & 15 | newValue << 4 }
    }

    /// True for the first slot of a 64-bit immediate load (`ld_imm64`), whose second slot follows.
    ///
    /// A second slot has code 0, so it is never taken for a first slot.
    @inlinable @inline(__always)
    public var isWide: Bool { code == Opcode.loadImmediate64 }

    /// The number of slots of the instruction: 2 for a wide load.
    ///
    /// - Units: slots
    @inlinable @inline(__always)
    public var width: Int { isWide ? 2 : 1 }
}
