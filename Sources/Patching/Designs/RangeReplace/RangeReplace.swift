import BPF

/// `bpf_patch_insns`: any range of the input is replaced by any patch, in increasing order, and one owner of all positions
/// knows where everything has gone.
///
/// The owner sweeps over the program once. A jump to what the sweep has passed is fixed on the spot; a jump to what is
/// still ahead waits in a chain at its target, as in a one-pass assembler, until the target reaches its place. So an edit
/// costs its own length and what lies between it and the one before.
///
/// - Complexity: O(slots + edits) a pass, plus O(log subprograms) a call
/// - Source: Nakryiko, July 2024 (`bpf_patch_insns`, `insn_patcher`); Leoshkevich, September 2020
public final class RangeReplace: Patcher {
    public let name = "range-replace"
    private let work = Cell(RangeReplacer.Workspace())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let room = input.insnCount + pass.patchSlots
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        work.value.reserve(input, room: room)
        var replacer = RangeReplacer(input: input, result: output.image(), work: work.value)
        for number in 0..<pass.editCount {
            replacer.replace(pass.edits[TableIndex(number)], in: pass)
        }
        let status = replacer.finish()
        return output.conclude(
            pass, on: input, status, insns: replacer.count, subprograms: replacer.subprogramCount)
    }
}
