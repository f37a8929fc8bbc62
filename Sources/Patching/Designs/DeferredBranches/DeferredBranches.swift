import BPF

/// The array is patched at once, edit by edit, but branches are left as they are: (offset, count, delta) of each edit is
/// remembered, and all branches are adjusted in one sweep at the end.
///
/// To shift what lies behind each edit would cost as much as the kernel's way. Edits come in increasing order, so a gap
/// travels with them instead (``GapArray``): the array is changed in place with each edit, and no slot is moved twice. What
/// the gap has not reached stays in the input, from where it would only be copied once more.
///
/// A branch needs the deltas at both its ends. At its own end the gap knows it. At its target it is looked up in the list
/// (``DeferredEdits``), in constant time: a search would wait for memory at most of its steps.
///
/// What it cannot do without: reading the input, the edits and the patches once, and writing the result once. As the sweep
/// comes when the result has left the caches, 16 bytes a branch are written and read, and its place in the result is
/// written again; the sweep starts at the end, which has been written last. Four bytes of delta an edit are looked up
/// in no order; they are summed up right before, so that the look-ups find them in a cache.
///
/// - Complexity: O(slots + edits + branches) a pass, plus O(log subprograms) for a ref or a branch into deleted code
/// - Source: Starovoitov, June 2022, in answer to Zingerman: patch inline, but one `bpf_adj_branches` at the end
public final class DeferredBranches: Patcher {
    /// Memory that a pass works in, kept for the whole run.
    private struct Workspace: ~Copyable {
        var edits = DeferredEdits.Storage()
        var jumps = RowStorage<StandingJumps.Entry>()
    }

    public let name = "deferred-branches"
    private let work = Cell(Workspace())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let patches = PatchWriter(pass: pass, input: input, output: output)
        work.value.jumps.reserve(patches.jumpRoom)
        var array = GapArray(
            patches: patches, edits: work.value.edits.makeList(patches), jumps: StandingJumps(work.value.jumps.row()))
        array.patch()
        let subprograms = array.relocateSubprograms()
        return output.conclude(
            pass, on: input, array.adjustBranches(), insns: array.count, subprograms: subprograms)
    }
}
