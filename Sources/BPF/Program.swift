/// A BPF program with its aux words, subprograms and line records, as a value.
///
/// Files, the minimizer and users of the library work on this form. The loops of a campaign work on a ``ProgramImage``
/// in a ``ProgramBuffer``.
///
/// - Shape: `aux.count == insns.count`; `subprograms` sorted by start, the first at 0; `lines` sorted, at most one a
///   slot
/// - Units: all indices in slots
public struct Program: Hashable, Sendable {
    /// The slots.
    public var insns: [Instruction]
    /// One opaque word for each slot: the counterpart of `insn_aux_data`.
    public var aux: [UInt32]
    /// The starts of the subprograms.
    public var subprograms: [Subprogram]
    /// The line records.
    public var lines: [LineRecord]

    /// Makes a program, by default with aux words of 0 and one subprogram with id 0.
    ///
    /// Does not check that the program is well formed; see ``fault()``.
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
