import BPF

/// A tail of new instructions for every slot of the input, and a map from each slot to where it has gone: the program is
/// copied once, and every jump is then pointed to what the map says of its target.
///
/// Nothing is searched for: a landing is one look-up, whatever the edits. What must be paid is one pass over the edits, their
/// patches and the input, the result written in order, and four bytes of map for each slot of the input. In a large program
/// the second look at the jumps touches memory that the first has written long before.
///
/// - Complexity: O(slots + edits) a pass, plus O(log skipped insertions) a call
/// - Source: Cree and Nakryiko, 2019
public final class IndexMap: Patcher {
    public let name = "index-map"
    public let isStepwise = false
    private let work = Cell(IndexMapSweep.Workspace())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let patchSlots = pass.patchSlots
        output.reserve(
            insns: input.insnCount + patchSlots, subprograms: input.subprogramCount, lines: input.lineCount)
        work.value.reserve(input, patchSlots: patchSlots)
        let result: ProgramImage<OutputIndex> = output.image()
        var sweep = IndexMapSweep(pass: pass, input: input, result: result, work: work.value)
        sweep.run()
        if !sweep.isWhole { return .einval }
        output.insnCount = sweep.count
        output.subprogramCount = sweep.moveSubprograms()
        if output.insnCount == 0 || output.subprogramCount == 0 { return .einval }
        if sweep.overflows { return .erange }
        output.lineCount = LineTable.relocate(
            input.lines, count: input.lineCount, insnCount: input.insnCount, by: pass, into: result.lines)
        return .accepted
    }
}
