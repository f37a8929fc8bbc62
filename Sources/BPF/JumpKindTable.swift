/// ``Instruction/jumpKind`` of every instruction there can be, for loops in which jumps are as good as random: a look-up
/// costs less than a branch that is predicted wrongly.
///
/// - Shape: a byte for each code and `src_reg`
public struct JumpKindTable: ~Copyable {
    private var kinds = RowStorage<UInt8>(capacity: 256 * 16)

    /// Fills the table.
    public init() {
        let view = view
        for code in UInt8.min...UInt8.max {
            for src in UInt8(0)..<16 {
                let insn = Instruction(code: code, src: src)
                view.kinds[View.slot(of: insn)] = insn.jumpKind.rawValue
            }
        }
    }

    /// The table, for a loop; valid as long as the table is.
    public var view: View { View(kinds: kinds.row()) }

    /// A view of the table.
    @frozen
    public struct View: BitwiseCopyable {
        @usableFromInline let kinds: Row<Slot, UInt8>

        @inlinable @inline(__always)
        init(kinds: Row<Slot, UInt8>) { self.kinds = kinds }

        @inlinable @inline(__always)
        static func slot(of insn: Instruction) -> Slot {
            Slot(rawValue: UInt32(insn.code) &<< 4 | UInt32(insn.registers &>> 4))
        }

        /// The raw value of the instruction's ``JumpKind``; 0 for what is no jump.
        ///
        /// - Complexity: O(1)
        @inlinable @inline(__always)
        public subscript(insn: Instruction) -> UInt8 { kinds[View.slot(of: insn)] }

        /// 1 for a jump or call, else 0.
        ///
        /// - Complexity: O(1)
        @inlinable @inline(__always)
        public func count(_ insn: Instruction) -> Int { self[insn] == 0 ? 0 : 1 }
    }
}
