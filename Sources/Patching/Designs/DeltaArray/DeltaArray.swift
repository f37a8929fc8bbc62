import BPF

/// A sorted array of deltas: patches are collected while the program is copied once, and each jump looks up where its target
/// has gone by binary search.
///
/// - Complexity: O(slots + edits + jumps × log edits) a pass, plus the deletions side by side that jumps reach
/// - Source: Zingerman, June 2022 (`bpf_patching_state`, `lookup_delta_for_index`); deletion, insertion and range
///   replacement are added in the same terms
public final class DeltaArray: Patcher {
    public let name = "delta-array"
    public let isStepwise = false
    private let work = Cell(LayoutWorkspace())
    private let storage = Cell(DeltaRecord.Storage())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        work.value.reserve(pass, input, output)
        var sweep = LayoutSweep(
            pass: pass, input: input, result: output.image(),
            landings: storage.value.makeRecord(input, pass), work: work.value)
        return sweep.run(into: output)
    }
}
