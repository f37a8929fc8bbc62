import BPF

extension ProgramBuffer {
    /// Ends a pass after its instructions are written: relocates the tables, and sets the lengths if the pass is
    /// accepted.
    ///
    /// - Parameters:
    ///   - status: the outcome of the jumps
    ///   - insns: the number of slots of the result
    ///   - subprograms: the number of subprograms, if the patcher has written their starts; else they are relocated
    ///     here
    /// - Returns: the outcome of the pass
    /// - Complexity: O(edits + subprograms + lines)
    @inline(__always)
    func conclude(
        _ pass: PassImage, on input: ProgramImage<InputIndex>, _ status: PatchStatus, insns: Int,
        subprograms: Int? = nil
    ) -> PatchStatus {
        let result: ProgramImage<OutputIndex> = image()
        let subprograms = subprograms ?? SubprogramTable.relocate(input, by: pass, into: result.subprograms)
        if insns == 0 || subprograms == 0 { return .einval }
        if status != .accepted { return status }
        insnCount = insns
        subprogramCount = subprograms
        lineCount = LineTable.relocate(
            input.lines, count: input.lineCount, insnCount: input.insnCount, by: pass, into: result.lines)
        return .accepted
    }
}
