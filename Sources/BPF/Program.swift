/// The start of a subprogram and the identity that travels with it, as `func_info` does.
///
/// - Units: `start` in slots
@frozen
public struct Subprogram: Hashable, Sendable, BitwiseCopyable {
    public var start: UInt32
    public var id: UInt32
    @inlinable
    public init(start: UInt32, id: UInt32) {
        self.start = start
        self.id = id
    }
}

/// Where a line record points and the identity that travels with it; stands for `struct bpf_line_info`.
///
/// - Units: `insnOff` in slots
@frozen
public struct LineRecord: Hashable, Sendable, BitwiseCopyable {
    public var insnOff: UInt32
    public var id: UInt32
    @inlinable
    public init(insnOff: UInt32, id: UInt32) {
        self.insnOff = insnOff
        self.id = id
    }
}

/// A BPF program and what travels with it, as a value.
///
/// This is the form of files, of the minimiser and of callers from outside. The loops of a campaign work on a
/// ``ProgramImage`` in a ``ProgramBuffer`` instead.
///
/// - Shape: `aux.count == insns.count`; `subprograms` sorted by start, the first at 0; `lines` sorted, at most one a slot
/// - Units: all indices in slots
public struct Program: Hashable, Sendable {
    /// The slots.
    public var insns: [Instruction]
    /// One opaque word a slot; stands for `insn_aux_data`.
    public var aux: [UInt32]
    /// Where subprograms start.
    public var subprograms: [Subprogram]
    /// Where line records point.
    public var lines: [LineRecord]

    /// Makes a program; without `aux` the words are 0, without `subprograms` it is one subprogram with id 0.
    ///
    /// Nothing is checked; see ``fault()``.
    public init(
        insns: [Instruction], aux: [UInt32]? = nil,
        subprograms: [Subprogram] = [Subprogram(start: 0, id: 0)], lines: [LineRecord] = []
    ) {
        self.insns = insns
        self.aux = aux ?? Array(repeating: 0, count: insns.count)
        self.subprograms = subprograms
        self.lines = lines
    }

    /// Copies an image out of its buffer.
    ///
    /// - Complexity: O(slots)
    public init<Index>(_ image: ProgramImage<Index>) {
        insns = image.insns.array(count: image.insnCount)
        aux = image.aux.array(count: image.insnCount)
        subprograms = image.subprograms.array(count: image.subprogramCount)
        lines = image.lines.array(count: image.lineCount)
    }

    /// The first thing that makes this program ill formed, or `nil`.
    ///
    /// - Complexity: O(slots + calls × log subprograms)
    public func fault() -> ProgramFault? {
        if aux.count != insns.count { return ProgramFault(.auxCount, at: min(aux.count, insns.count)) }
        let buffer = ProgramBuffer()
        buffer.load(self)
        return buffer.image(as: Slot.self).fault()
    }
}
