extension Program {
    /// Copies a program out of preallocated memory.
    ///
    /// - Complexity: O(slots)
    public init<Index>(_ image: ProgramImage<Index>) {
        insns = image.insns.array(count: image.insnCount)
        aux = image.aux.array(count: image.insnCount)
        subprograms = image.subprograms.array(count: image.subprogramCount)
        lines = image.lines.array(count: image.lineCount)
    }

    /// The first fault that makes this program ill formed, or `nil`.
    ///
    /// - Complexity: O(slots + calls × log subprograms)
    public func fault() -> ProgramFault? {
        do { try ProgramBuffer().load(wellFormed: self) } catch { return error }
        return nil
    }
}

extension ProgramBuffer {
    /// Replaces the contents by a copy of a program, and checks that it is well formed.
    ///
    /// - Throws: the first fault that makes the program ill formed; the contents are then undefined
    /// - Complexity: O(slots + calls × log subprograms)
    public func load(wellFormed program: Program) throws(ProgramFault) {
        if program.aux.count != program.insns.count {
            throw ProgramFault(.auxCount, at: min(program.aux.count, program.insns.count))
        }
        load(program)
        if let fault = image(as: Slot.self).fault() { throw fault }
    }
}
