/// Memory for one program, reused from case to case.
public final class ProgramBuffer {
    @usableFromInline
    struct Memory: ~Copyable {
        @usableFromInline var insns = Scratch<Instruction>()
        @usableFromInline var aux = Scratch<UInt32>()
        @usableFromInline var subprograms = Scratch<Subprogram>()
        @usableFromInline var lines = Scratch<LineRecord>()
        @usableFromInline var insnCount = 0
        @usableFromInline var subprogramCount = 0
        @usableFromInline var lineCount = 0

        @usableFromInline
        init() {}
    }

    @usableFromInline let memory = UncheckedBox(Memory())

    /// Makes an empty buffer.
    public init() {}

    /// The number of slots in use.
    @inlinable
    public var insnCount: Int {
        get { unsafe memory.value.insnCount }
        set { unsafe memory.value.insnCount = newValue }
    }

    /// The number of subprograms in use.
    @inlinable
    public var subprogramCount: Int {
        get { unsafe memory.value.subprogramCount }
        set { unsafe memory.value.subprogramCount = newValue }
    }

    /// The number of line records in use.
    @inlinable
    public var lineCount: Int {
        get { unsafe memory.value.lineCount }
        set { unsafe memory.value.lineCount = newValue }
    }

    /// Makes room and discards the contents.
    ///
    /// - Complexity: O(1) unless the buffer grows
    @inlinable
    public func reserve(insns: Int, subprograms: Int, lines: Int) {
        unsafe memory.value.insns.reserve(insns)
        unsafe memory.value.aux.reserve(insns)
        unsafe memory.value.subprograms.reserve(subprograms)
        unsafe memory.value.lines.reserve(lines)
    }

    /// A view of the contents with the given index type; valid until the next ``reserve(insns:subprograms:lines:)``.
    @inlinable @inline(__always)
    public func image<Index: SlotIndex>(as _: Index.Type = Index.self) -> ProgramImage<Index> {
        unsafe ProgramImage(
            insns: memory.value.insns.buffer(), aux: memory.value.aux.buffer(),
            subprograms: memory.value.subprograms.buffer(), lines: memory.value.lines.buffer(),
            insnCount: memory.value.insnCount, subprogramCount: memory.value.subprogramCount,
            lineCount: memory.value.lineCount)
    }

    /// Swaps the contents of two buffers.
    ///
    /// - Complexity: O(1)
    @inlinable
    public func exchangeContents(with other: ProgramBuffer) { unsafe swap(&memory.value, &other.memory.value) }

    /// Replaces the contents by a copy of an image.
    ///
    /// - Parameter room: the number of slots to make room for, if larger than that of the image
    /// - Complexity: O(slots + subprograms + lines)
    @inlinable
    public func load<Index>(_ source: ProgramImage<Index>, room: Int = 0) {
        loadTables(source, room: max(room, source.insnCount))
        insnCount = source.insnCount
        let own = image(as: Index.self)
        let start = Index(rawValue: 0)
        unsafe own.insns.copy(insnCount, from: source.insns, at: start, to: start)
        unsafe own.aux.copy(insnCount, from: source.aux, at: start, to: start)
    }

    /// Replaces the tables by copies of those of an image, and makes room for some slots, whose contents are undefined.
    ///
    /// - Complexity: O(subprograms + lines)
    @inlinable
    public func loadTables<Index>(_ source: ProgramImage<Index>, room: Int) {
        reserve(insns: room, subprograms: source.subprogramCount, lines: source.lineCount)
        insnCount = room
        subprogramCount = source.subprogramCount
        lineCount = source.lineCount
        let own = image(as: Index.self)
        let top = TableIndex(rawValue: 0)
        unsafe own.subprograms.copy(subprogramCount, from: source.subprograms, at: top, to: top)
        unsafe own.lines.copy(lineCount, from: source.lines, at: top, to: top)
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
        own.insns.load(program.insns)
        own.aux.load(program.aux)
        own.subprograms.load(program.subprograms)
        own.lines.load(program.lines)
    }
}
