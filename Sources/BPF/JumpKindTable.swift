/// ``Instruction/jumpKind`` of every possible instruction, for loops over slots.
///
/// Table look-up: the branch would be unpredictable.
///
/// - Shape: a byte for each code and `src_reg`: the kind in its lower bits, the shift of ``OffsetField`` above them
public struct JumpKindTable: ~Copyable {
    /// The table that all loops share, so that the caches hold it once.
    public static let shared = JumpKindTable()

    private var kinds = Scratch<UInt8>(capacity: 256 * 16)

    /// Fills the table.
    init() {
        let view = view
        for code in UInt8.min...UInt8.max {
            for src in UInt8(0)..<16 {
                let insn = Instruction(code: code, src: src)
                let above = insn.jumpKind == .short ? OffsetField.aboveShort : 0
                unsafe view.kinds[View.slot(of: insn)] = insn.jumpKind.rawValue | UInt8(above)
            }
        }
    }

    /// A view for a loop; valid as long as the table lives.
    public var view: View { View(kinds: kinds.buffer()) }

    /// A view that a loop can keep in registers.
    @frozen
    public struct View: BitwiseCopyable {
        @usableFromInline let kinds: UnsafeTypedBuffer<Slot, UInt8>

        @inlinable @inline(__always)
        init(kinds: UnsafeTypedBuffer<Slot, UInt8>) { self.kinds = kinds }

        @inlinable @inline(__always)
        static func slot(of insn: Instruction) -> Slot {
            Slot(rawValue: UInt32(insn.code) &<< 4 | UInt32(insn.registers &>> 4))
        }

        /// 1 for a jump or call, else 0.
        ///
        /// - Complexity: O(1)
        @inlinable @inline(__always)
        public func count(_ insn: Instruction) -> Int { unsafe kinds[View.slot(of: insn)] == 0 ? 0 : 1 }

        /// The field that holds the offset of a jump or call.
        ///
        /// - Complexity: O(1)
        @inlinable @inline(__always)
        public func field(of insn: Instruction) -> OffsetField {
            unsafe OffsetField(entry: kinds[View.slot(of: insn)])
        }
    }
}

// A table is never written after `init`.
extension JumpKindTable: @unchecked Sendable {}

/// The field that holds the offset of a jump or call, as shift counts: reading it takes no branch.
@frozen
public struct OffsetField: BitwiseCopyable {
    /// The number of bits above a 16-bit offset.
    @inlinable
    static var aboveShort: UInt64 { 32 }

    @usableFromInline let entry: UInt8

    @inlinable @inline(__always)
    init(entry: UInt8) { self.entry = entry }

    /// The number of bits above the field: 32 or 0.
    @inlinable @inline(__always)
    var above: UInt64 { UInt64(entry) & OffsetField.aboveShort }

    /// The number of bits outside the field: 48 or 32.
    @inlinable @inline(__always)
    var others: UInt64 { above &>> 1 &+ 32 }

    /// True for a call or pseudo function.
    @inlinable @inline(__always)
    public var isCall: Bool { entry & 7 > JumpKind.long.rawValue }

    /// The offset in this field of an instruction.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func offset(in insn: Instruction) -> Int {
        Int(truncatingIfNeeded: Int64(bitPattern: insn.bits &<< above) &>> Int64(bitPattern: others))
    }

    /// The same instruction with another offset, truncated to the width of the field; see ``fits(_:)``.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func setting(_ offset: Int, in insn: Instruction) -> Instruction {
        let mask = (UInt64.max &<< others) &>> above
        let value = (UInt64(truncatingIfNeeded: offset) &<< others) &>> above
        return Instruction(bits: insn.bits & ~mask | value)
    }

    /// Returns true if an offset fits the field.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func fits(_ offset: Int) -> Bool {
        let shift = Int(truncatingIfNeeded: others)
        return (offset &<< shift) &>> shift == offset
    }
}
