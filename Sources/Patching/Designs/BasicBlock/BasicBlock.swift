import BPF

/// The program is split into basic blocks and every jump holds the number of a block; edits patch inside a block, and the
/// blocks are put back in a row.
///
/// A block starts where something lands: at a subprogram, at the target of a jump or call, at that of a ref. It goes on
/// behind a jump, as nothing can come between: what an edit puts there belongs to the block. A deletion may empty a block;
/// then what follows in the same subprogram stands for it. A patch may swallow the start of a block; then nothing does.
///
/// A jump inside a patch, or out of it to what follows, keeps its offset and needs no block: both its ends are in one. A
/// block in front of which a prologue is inserted has two places: jumps land behind the prologue, calls in front of it.
///
/// The row is written straight away: the instructions of a block are copied, patched, to where the row has got to, and that is
/// the block's place. So a block is two numbers, and nothing is allocated for it.
///
/// What it cannot do without: reading the program twice, once for the blocks and once for the row; reading the edits twice,
/// as any of them may have a ref that splits a block; reading the patches once and writing the result once. Four bytes a
/// slot, for the block that it jumps to, are written and read. A jump to a block further on has to wait for its place, so
/// 16 bytes a jump are written and read too, and its place in the result is written again when all blocks have theirs; that
/// starts at the end, which has been written last. The number of a block is counted from bits rather than
/// searched for.
///
/// - Complexity: O(slots + edits + jumps) a pass, plus O(log subprograms) a ref
/// - Source: Starovoitov, June 2022
public final class BasicBlock: Patcher {
    /// Memory that a pass works in, kept for the whole run.
    private struct Workspace: ~Copyable {
        var blocks = BlockProgram.Storage()
        var places = RowStorage<UInt32>()
        var jumps = RowStorage<StandingJumps.Entry>()
    }

    public let name = "basic-block"
    private let work = Cell(Workspace())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        if LeavingJumps(pass: pass, input: input).dangleBehindAppend() { return .einval }
        let blocks = work.value.blocks.split(input, for: pass)
        if blocks.isDangling { return .einval }
        let patches = PatchWriter(pass: pass, input: input, output: output)
        // The number behind the last block is written too, and overwritten or not used.
        work.value.places.reserve(2 * blocks.count + 2)
        work.value.jumps.reserve(patches.jumpRoom)
        var row = BlockRow(
            blocks: blocks, patches: patches, places: work.value.places.row(),
            jumps: StandingJumps(work.value.jumps.row()))
        row.join()
        let subprograms = row.relocateSubprograms()
        return output.conclude(pass, on: input, row.pointJumps(), insns: row.count, subprograms: subprograms)
    }
}
