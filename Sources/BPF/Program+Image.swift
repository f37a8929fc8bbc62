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
        if aux.count != insns.count { return ProgramFault(.auxCount, at: min(aux.count, insns.count)) }
        let buffer = ProgramBuffer()
        buffer.load(self)
        return buffer.image(as: Slot.self).fault()
    }
}
