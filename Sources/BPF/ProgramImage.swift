/// A program in preallocated memory, typed by the layout that its indices belong to.
///
/// The same shape as `struct bpf_patcher_image` of the C ABI. An image does not own its memory.
///
/// - Units: counts in slots, subprograms and records
@frozen
public struct ProgramImage<Index: SlotIndex>: BitwiseCopyable {
    public var insns: Row<Index, Instruction>
    public var aux: Row<Index, UInt32>
    public var subprograms: Row<TableIndex, Subprogram>
    public var lines: Row<TableIndex, LineRecord>
    public var insnCount: Int
    public var subprogramCount: Int
    public var lineCount: Int

    @inlinable
    public init(
        insns: Row<Index, Instruction>, aux: Row<Index, UInt32>,
        subprograms: Row<TableIndex, Subprogram>, lines: Row<TableIndex, LineRecord>,
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

    /// Whether `index` is the second slot of a wide load.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    public func isSecondSlot(_ index: Index) -> Bool {
        index.position > 0 && insns[index + -1].isWide
    }

    /// The number of the subprogram that holds `index`: the last that starts at or before it.
    ///
    /// - Complexity: O(log subprograms)
    @inlinable
    public func subprogram(holding index: Index) -> TableIndex {
        var low = 0
        var high = subprogramCount
        while high - low > 1 {
            let middle = (low + high) / 2
            if subprograms[TableIndex(middle)].start <= index.rawValue { low = middle } else { high = middle }
        }
        return TableIndex(low)
    }

    /// The first index behind the subprogram with the given number.
    ///
    /// - Complexity: O(1)
    @inlinable
    public func end(of subprogram: TableIndex) -> Int {
        let next = subprogram + 1
        return next.position < subprogramCount ? Int(subprograms[next].start) : insnCount
    }

    /// Whether both images are the same bytes in all their parts.
    ///
    /// - Complexity: O(slots + subprograms + lines)
    public func isIdentical<Other>(to other: ProgramImage<Other>) -> Bool {
        insnCount == other.insnCount && subprogramCount == other.subprogramCount && lineCount == other.lineCount
            && insns.hasSameBytes(as: other.insns, count: insnCount)
            && aux.hasSameBytes(as: other.aux, count: insnCount)
            && subprograms.hasSameBytes(as: other.subprograms, count: subprogramCount)
            && lines.hasSameBytes(as: other.lines, count: lineCount)
    }
}

/// Memory for one program, reused from case to case.
public final class ProgramBuffer {
    private var insnStorage: RowStorage<Instruction>
    private var auxStorage: RowStorage<UInt32>
    private var subprogramStorage: RowStorage<Subprogram>
    private var lineStorage: RowStorage<LineRecord>
    /// How many slots are in use.
    public var insnCount = 0
    /// How many subprograms are in use.
    public var subprogramCount = 0
    /// How many line records are in use.
    public var lineCount = 0

    /// Makes an empty buffer.
    public init() {
        insnStorage = RowStorage()
        auxStorage = RowStorage()
        subprogramStorage = RowStorage()
        lineStorage = RowStorage()
    }

    /// Makes room; what was in the buffer is gone.
    ///
    /// - Complexity: O(1) unless it grows
    public func reserve(insns: Int, subprograms: Int, lines: Int) {
        insnStorage.reserve(insns)
        auxStorage.reserve(insns)
        subprogramStorage.reserve(subprograms)
        lineStorage.reserve(lines)
    }

    /// The contents, indexed by the given kind of index; valid until the next ``reserve(insns:subprograms:lines:)``.
    public func image<Index: SlotIndex>(as _: Index.Type = Index.self) -> ProgramImage<Index> {
        ProgramImage(
            insns: insnStorage.row(), aux: auxStorage.row(), subprograms: subprogramStorage.row(),
            lines: lineStorage.row(), insnCount: insnCount, subprogramCount: subprogramCount, lineCount: lineCount)
    }

    /// Replaces the contents by a copy of an image.
    ///
    /// - Complexity: O(slots + subprograms + lines)
    public func load<Index>(_ source: ProgramImage<Index>) {
        reserve(insns: source.insnCount, subprograms: source.subprogramCount, lines: source.lineCount)
        insnCount = source.insnCount
        subprogramCount = source.subprogramCount
        lineCount = source.lineCount
        let own = image(as: Index.self)
        let start = Index(rawValue: 0)
        let top = TableIndex(rawValue: 0)
        own.insns.copy(insnCount, from: source.insns, at: start, to: start)
        own.aux.copy(insnCount, from: source.aux, at: start, to: start)
        own.subprograms.copy(subprogramCount, from: source.subprograms, at: top, to: top)
        own.lines.copy(lineCount, from: source.lines, at: top, to: top)
    }

    /// Replaces the contents by a copy of a program.
    ///
    /// - Complexity: O(slots + subprograms + lines)
    public func load(_ program: Program) {
        precondition(program.aux.count == program.insns.count, "a program with \(program.aux.count) aux words")
        reserve(insns: program.insns.count, subprograms: program.subprograms.count, lines: program.lines.count)
        insnCount = program.insns.count
        subprogramCount = program.subprograms.count
        lineCount = program.lines.count
        let own = image(as: Slot.self)
        for (index, insn) in program.insns.enumerated() { own.insns[Slot(index)] = insn }
        for (index, word) in program.aux.enumerated() { own.aux[Slot(index)] = word }
        for (index, subprogram) in program.subprograms.enumerated() { own.subprograms[TableIndex(index)] = subprogram }
        for (index, line) in program.lines.enumerated() { own.lines[TableIndex(index)] = line }
    }
}
