/// A view of a program in preallocated memory. The index type names the layout: input or result of a pass.
///
/// The counterpart of `struct bpf_patcher_image` in the C ABI. An image does not own its memory.
///
/// - Units: counts in slots, subprograms and records
@frozen
public struct ProgramImage<Index: SlotIndex>: BitwiseCopyable {
    public var insns: UnsafeTypedBuffer<Index, Instruction>
    public var aux: UnsafeTypedBuffer<Index, UInt32>
    public var subprograms: UnsafeTypedBuffer<TableIndex, Subprogram>
    public var lines: UnsafeTypedBuffer<TableIndex, LineRecord>
    public var insnCount: Int
    public var subprogramCount: Int
    public var lineCount: Int

    @inlinable
    public init(
        insns: UnsafeTypedBuffer<Index, Instruction>, aux: UnsafeTypedBuffer<Index, UInt32>,
        subprograms: UnsafeTypedBuffer<TableIndex, Subprogram>, lines: UnsafeTypedBuffer<TableIndex, LineRecord>,
        insnCount: Int, subprogramCount: Int, lineCount: Int
    ) {
        self.insns = insns
        self.aux = aux
        self.subprograms = subprograms
        self.lines = lines
        self.insnCount = insnCount
        self.subprogramCount = subprogramCount
        self.lineCount = lineCount
    }

    /// Returns true if `index`, at most the number of slots, is the second slot of a wide load.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func isSecondSlot(_ index: Index) -> Bool {
        precondition(index.position <= insnCount)
        return unsafe index.position > 0 && insns[index + -1].isWide
    }

    /// The number of the subprogram that contains `index`: the last that starts at or before it.
    ///
    /// - Complexity: O(log subprograms)
    @inlinable
    public func subprogram(holding index: Index) -> TableIndex {
        var low = 0
        var high = subprogramCount
        while high - low > 1 {
            let middle = (low + high) / 2
            if unsafe subprograms[TableIndex(middle)].start <= index.rawValue { low = middle } else { high = middle }
        }
        return TableIndex(low)
    }

    /// The first index after the subprogram with the given number.
    ///
    /// - Complexity: O(1)
    @inlinable
    public func end(of subprogram: TableIndex) -> Int {
        let next = subprogram + 1
        return unsafe next.position < subprogramCount ? Int(subprograms[next].start) : insnCount
    }

    /// Returns true if both images have the same bytes in all their parts.
    ///
    /// - Complexity: O(slots + subprograms + lines)
    @inlinable
    public func isIdentical<Other>(to other: ProgramImage<Other>) -> Bool {
        unsafe insnCount == other.insnCount && subprogramCount == other.subprogramCount && lineCount == other.lineCount
            && insns.hasSameBytes(as: other.insns, count: insnCount)
            && aux.hasSameBytes(as: other.aux, count: insnCount)
            && subprograms.hasSameBytes(as: other.subprograms, count: subprogramCount)
            && lines.hasSameBytes(as: other.lines, count: lineCount)
    }
}
