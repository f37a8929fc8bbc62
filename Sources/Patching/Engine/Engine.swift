import BPF

/// The project's own patcher: one tuned pass over the program and its edits, as ``InstructionPatcher`` runs it.
///
/// ``SinglePassRelocator`` copies the program and the patches to the result and lists the jumps that it meets;
/// ``JumpTargetMap`` notes the place of each input slot. Jumps are fixed in blocks, while their targets are in the cache.
///
/// The design is that of ``IndexMap``, which is the one to read. What differs here is for speed only.
///
/// It costs one copy of each slot, four bytes of map for each input slot, and eight bytes for each jump.
///
/// - Complexity: O(slots + edits) a pass, plus O(log skipped insertions) for a call, and O(log subprograms) for a jump out of
///   a patch
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
            // The list has one row more than can count.
            jumps: memory.value.jumps.buffer(reserving: room + 1))
        return relocator.run(into: output)
    }
}
