import BPF

/// The project's own patcher, which serves ``InstructionPatcher``: one tuned pass over the program and its edits.
///
/// `SinglePassRelocator` copies the program and the patches to the result and lists the jumps that it meets;
/// `JumpTargetMap` notes the place of each input slot. Jumps are fixed in blocks, while their targets are in the
/// cache.
///
/// The design is that of ``IndexMap``; read that one first. All differences are for speed.
///
/// It costs one copy of each slot, four bytes of map for each input slot, and eight bytes for each jump.
///
/// - Complexity: O(slots + edits) a pass, plus O(log skipped insertions) for a call, and O(log subprograms) for a jump
///   out of a patch
public final class Engine: Patcher {
    /// Memory of a pass, kept for the whole run.
    private struct Memory: ~Copyable {
        var map = JumpTargetMap.Storage()
        var jumps = Scratch<ListedJump>()
    }

    public let name = "engine"
    private let memory = UncheckedBox(Memory())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let room = input.insnCount + pass.patchSlots
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        var relocator = unsafe SinglePassRelocator(
            pass: pass, input: input, result: output.image(), map: memory.value.map.makeMap(input, pass),
            // One entry more than there are jumps: the loops write an entry for each slot before they count it.
            jumps: memory.value.jumps.buffer(reserving: room + 1))
        return relocator.run(into: output)
    }
}
