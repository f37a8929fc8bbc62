extension Program {
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
        do { try ProgramBuffer().load(wellFormed: self) } catch { return error }
        return nil
    }
}

extension ProgramBuffer {
    /// Replaces the contents by a copy of a program that must be well formed.
    ///
    /// - Throws: the first thing that makes the program ill formed; the buffer then holds anything
    /// - Complexity: O(slots + calls × log subprograms)
    public func load(wellFormed program: Program) throws(ProgramFault) {
        if program.aux.count != program.insns.count {
            throw ProgramFault(.auxCount, at: min(program.aux.count, program.insns.count))
        }
        load(program)
        if let fault = image(as: Slot.self).fault() { throw fault }
    }
}
