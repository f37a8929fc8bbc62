import BPF

/// A node an instruction in a pool: new nodes are linked in, deleted ones flagged, and the list is laid out once at the end,
/// after all passes of a script.
///
/// A jump holds the node that it reaches, so only deletion and skipped insertion touch it before the end; a pass without
/// these looks at no jump that was there before it.
///
/// What must be paid is that everything is written twice: the program into nodes and patches into nodes, sixteen bytes and a
/// mark for each slot, and all of them into the result, which is as long as the list. No node can be found before the one in
/// front of it has been read, though nodes of a program, and of a patch, stand side by side. Each jump costs a look at the place
/// of its target besides. A pass behind the first walks the whole list once more, to find the nodes at its positions.
///
/// - Complexity: O(slots) to load, O(edits + jumps) for the first pass, O(slots + edits) for others, O(slots) to lay out
/// - Source: Jiong Wang, July 2019 (`bpf_list_insn`, `bpf_linearize_list_insn`); Nakryiko's `target` pointer a node, 2019
public final class LinkedList: ScriptPatcher {
    public let name = "linked-list"
    private let list = Cell(InstructionList())
    private let lines = Cell(Lines())

    /// The line records so far and memory for the next pass's.
    private struct Lines: ~Copyable {
        var current = RowStorage<LineRecord>()
        var next = RowStorage<LineRecord>()
        var count = 0

        mutating func exchange() { swap(&current, &next) }
    }

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        begin(input)
        let status = apply(pass)
        return status == .accepted ? finish(into: output) : status
    }

    public func begin(_ input: ProgramImage<InputIndex>) {
        list.value.load(input)
        lines.value.current.reserve(input.lineCount)
        lines.value.count = input.lineCount
        lines.value.current.row(as: TableIndex.self).copy(
            input.lineCount, from: input.lines, at: TableIndex(0), to: TableIndex(0))
    }

    public func apply(_ pass: PassImage) -> PatchStatus {
        let length = list.value.count
        let status = list.value.apply(pass)
        if status != .accepted { return status }
        lines.value.next.reserve(lines.value.count)
        lines.value.count = LineTable.relocate(
            lines.value.current.row(), count: lines.value.count, insnCount: length, by: pass,
            into: lines.value.next.row())
        lines.value.exchange()
        return .accepted
    }

    public func finish(into output: ProgramBuffer) -> PatchStatus {
        let count = lines.value.count
        output.reserve(insns: list.value.count + 1, subprograms: list.value.subprogramCount, lines: count)
        output.insnCount = list.value.count
        output.subprogramCount = list.value.subprogramCount
        output.lineCount = count
        let result: ProgramImage<OutputIndex> = output.image()
        let records: Row<TableIndex, LineRecord> = lines.value.current.row()
        result.lines.copy(count, from: records, at: TableIndex(0), to: TableIndex(0))
        return list.value.layOut(into: result)
    }
}
