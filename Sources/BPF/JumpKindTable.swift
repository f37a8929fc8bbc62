/// ``Instruction/jumpKind`` of every instruction there can be, for loops in which jumps are as good as random: a look-up
/// costs less than a branch that is predicted wrongly.
///
/// - Shape: a byte for each code and `src_reg`, the kind in its lower bits and what ``OffsetField`` shifts by above them
public struct JumpKindTable: ~Copyable {
    /// The table that all loops look at, so that it takes its place in the caches once.
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

    /// The table, for a loop; valid as long as the table is.
    public var view: View { View(kinds: kinds.buffer()) }

    /// A view of the table.
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

        /// Where a jump or call keeps its offset.
        ///
        /// - Complexity: O(1)
        @inlinable @inline(__always)
        public func field(of insn: Instruction) -> OffsetField { unsafe OffsetField(entry: kinds[View.slot(of: insn)]) }
    }
}

// Nothing is written to a table once it is filled.
extension JumpKindTable: @unchecked Sendable {}

/// Where a jump or call keeps its offset, as a number of bits to shift by rather than a case to branch on.
@frozen
public struct OffsetField: BitwiseCopyable {
    /// How many bits of an instruction lie above a 16-bit offset.
    @inlinable
    static var aboveShort: UInt64 { 32 }

    @usableFromInline let entry: UInt8

    @inlinable @inline(__always)
    init(entry: UInt8) { self.entry = entry }

    /// How many bits lie above the field: 32, or none.
    @inlinable @inline(__always)
    var above: UInt64 { UInt64(entry) & OffsetField.aboveShort }

    /// How many bits are not of the field: 48 or 32.
    @inlinable @inline(__always)
    var others: UInt64 { above &>> 1 &+ 32 }

    /// Whether it is that of a call or pseudo function.
    @inlinable @inline(__always)
    public var isCall: Bool { entry & 7 > JumpKind.long.rawValue }

    /// The offset that an instruction holds there.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func offset(in insn: Instruction) -> Int {
        Int(truncatingIfNeeded: Int64(bitPattern: insn.bits &<< above) &>> Int64(bitPattern: others))
    }

    /// An instruction with another offset, cut to the width of the field; see ``fits(_:)``.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func setting(_ offset: Int, in insn: Instruction) -> Instruction {
        let mask = (UInt64.max &<< others) &>> above
        let value = (UInt64(truncatingIfNeeded: offset) &<< others) &>> above
        return Instruction(bits: insn.bits & ~mask | value)
    }

    /// Whether the field can hold an offset.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func fits(_ offset: Int) -> Bool {
        let shift = Int(truncatingIfNeeded: others)
        return (offset &<< shift) &>> shift == offset
    }
}
