import BPF

extension ProgramBuffer {
    /// Ends a pass whose result has been laid out here but for its line records, which are written if it is accepted.
    ///
    /// - Parameters:
    ///   - status: what has become of its jumps
    ///   - insns: how many slots the result has
    ///   - subprograms: how many subprograms stand
    /// - Returns: what becomes of the pass
    /// - Complexity: O(edits + lines)
    @inline(__always)
    func conclude(
        _ pass: PassImage, on input: ProgramImage<InputIndex>, _ status: PatchStatus, insns: Int, subprograms: Int
    ) -> PatchStatus {
        if insns == 0 || subprograms == 0 { return .einval }
        if status != .accepted { return status }
        insnCount = insns
        subprogramCount = subprograms
        lineCount = LineTable.relocate(
            input.lines, count: input.lineCount, insnCount: input.insnCount, by: pass,
            into: image(as: OutputIndex.self).lines)
        return .accepted
    }
}
