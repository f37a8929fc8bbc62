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
}
