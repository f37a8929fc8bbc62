import BPF

/// The kernel's way: shift the array and adjust every branch after each edit.
///
/// Every edit is put into the kernel's own steps: an insertion patches `off` by the new code and then itself, a range
/// replacement deletes all but the first slot and patches that. What the kernel's callers compute by hand for a patch (its
/// jumps to the outside, a kept jump) is computed here for the layout that this one edit gives.
///
/// Where the kernel leaves a jump into a deleted range wherever its old offset falls, the rule decides: it lands behind the
/// range. Passes that would leave a jump dangling are not asked of it, as the kernel's functions look for none.
///
/// The kernel finds the branches by looking at every slot after each edit; here their places are kept in a row, and every
/// one of them is still adjusted after each edit.
///
/// - Complexity: O(slots × edits) a pass
/// - Source: Linux 6.12, `bpf_patch_insn_data`, `verifier_remove_insns`, `bpf_adj_branches`, `adjust_jmp_off`
public final class KernelArray: Patcher {
    public let name = "kernel-array"
    public let capabilities = PatcherCapabilities.everything.subtracting(.refuses).union(.stepwise)

    private let branches = Cell(RowStorage<OutputIndex>())
    private let steps = Cell(RowStorage<Int>(capacity: 2))

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let room = input.insnCount + pass.patchSlots + pass.editCount
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        let program: ProgramImage<OutputIndex> = output.image()
        program.insns.copy(input.insnCount, from: input.insns, at: InputIndex(0), to: OutputIndex(0))
        program.aux.copy(input.insnCount, from: input.aux, at: InputIndex(0), to: OutputIndex(0))
        program.subprograms.copy(
            input.subprogramCount, from: input.subprograms, at: TableIndex(0), to: TableIndex(0))
        program.lines.copy(input.lineCount, from: input.lines, at: TableIndex(0), to: TableIndex(0))
        branches.value.reserve(room + 1)
        var array = PatchedArray(
            pass: pass, insns: program.insns, aux: program.aux, branches: branches.value.row(),
            steps: steps.value.row(), count: input.insnCount,
            tables: ArrayTables(
                subprograms: program.subprograms, lines: program.lines, subprogramCount: input.subprogramCount,
                lineCount: input.lineCount))
        var delta = 0
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            let off = OutputIndex(edit.off.position + delta)
            if edit.isDeletion {
                array.remove(from: off, count: Int(edit.remove))
            } else if edit.off.position == input.insnCount {
                if !array.append(edit) { return .erange }
            } else if !array.patch(edit, number: number, at: off) {
                return .erange
            }
            delta += edit.growth
        }
        output.insnCount = array.count
        output.subprogramCount = array.tables.subprogramCount
        output.lineCount = array.tables.lineCount
        return output.insnCount == 0 || output.subprogramCount == 0 ? .einval : .accepted
    }
}
