import BPF

/// A node an instruction in a pool: new nodes are linked in, deleted ones flagged, and the list is laid out once at the end,
/// after all passes of a script.
///
/// A jump holds the node that it reaches, so only deletion and skipped insertion touch it before the end.
///
/// - Complexity: O(slots + edits) a pass and once more to lay out
/// - Source: Jiong Wang, July 2019 (`bpf_list_insn`, `bpf_linearize_list_insn`); Nakryiko's `target` pointer a node, 2019
public final class LinkedList: ScriptPatcher {
    public let name = "linked-list"
    public let isStepwise = false
    private var list = InstructionList()
    private var lines = ProgramBuffer()
    private var spareLines = ProgramBuffer()

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        begin(input)
        let status = apply(pass)
        return status == .accepted ? finish(into: output) : status
    }

    public func begin(_ input: ProgramImage<InputIndex>) {
        list.load(input)
        lines.reserve(insns: 0, subprograms: 0, lines: input.lineCount)
        lines.lineCount = input.lineCount
        lines.image(as: InputIndex.self).lines.copy(
            input.lineCount, from: input.lines, at: TableIndex(0), to: TableIndex(0))
    }

    public func apply(_ pass: PassImage) -> PatchStatus {
        let length = list.count
        let status = list.apply(pass)
        if status != .accepted { return status }
        spareLines.reserve(insns: 0, subprograms: 0, lines: lines.lineCount)
        spareLines.lineCount = LineTable.relocate(
            lines.image(as: InputIndex.self).lines, count: lines.lineCount, insnCount: length, by: pass,
            into: spareLines.image(as: OutputIndex.self).lines)
        swap(&lines, &spareLines)
        return .accepted
    }

    public func finish(into output: ProgramBuffer) -> PatchStatus {
        output.reserve(insns: list.count, subprograms: list.subprogramCount, lines: lines.lineCount)
        output.insnCount = list.count
        output.subprogramCount = list.subprogramCount
        output.lineCount = lines.lineCount
        let result: ProgramImage<OutputIndex> = output.image()
        result.lines.copy(
            lines.lineCount, from: lines.image(as: InputIndex.self).lines, at: TableIndex(0), to: TableIndex(0))
        return list.layOut(into: result)
    }
}
