import BPF

/// A sorted array of deltas: patches are collected while the program is copied once, and each jump looks up where its target
/// has gone by binary search.
///
/// What must be paid is one pass over the edits, their patches and the input, the result written in order, and twelve bytes
/// for each edit. Then each jump takes as many steps as its target's distance, in edits, can be halved, and each step waits for
/// the one before it, though not for those of other jumps. A search looks at four of the twelve bytes alone, so that those of
/// the edits that a 16-bit jump can reach stay in the cache. What is behind the target is not collected yet when it is looked
/// up: nobody has to ask for the edits a second time.
///
/// - Complexity: O(slots + edits + jumps × log edits) a pass, plus the deletions side by side that jumps reach
/// - Source: Zingerman, June 2022 (`bpf_patching_state`, `lookup_delta_for_index`); deletion, insertion and range
///   replacement are added in the same terms
public final class DeltaArray: Patcher {
    public let name = "delta-array"
    private let work = Cell(LayoutWorkspace())
    private let storage = Cell(DeltaRecord.Storage())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        work.value.carryOut(pass, on: input, into: output, storage.value.makeRecord(input, pass))
    }
}
