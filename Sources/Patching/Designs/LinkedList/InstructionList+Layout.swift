import BPF

/// The end of a list: positions are given out and the program is written.
extension InstructionList {
    /// After how many places jumps are looked at; odd, as patches of one length may stand side by side.
    private static let layoutBlock = 2047

    /// Writes the program over what is in an image and the places of the nodes over their links, which ends the list; says
    /// whether all offsets fit.
    ///
    /// The result has room for one slot more than stands.
    ///
    /// - Complexity: O(nodes)
    mutating func layOut(into result: ProgramImage<OutputIndex>) -> PatchStatus {
        let nodes = pool.rows
        var pointer = JumpPointer(nodes: nodes, result: result, loadedCount: loadedCount)
        let loaded = NodeIndex(loadedCount)
        var pointed = 0
        var at = OutputIndex(0)
        var cursor = head
        while true {
            let stop = at + InstructionList.layoutBlock
            while cursor != .none && at < stop {
                let link = nodes.links[cursor]
                result.insns[at] = nodes.insns[cursor]
                result.aux[at] = nodes.aux[cursor]
                nodes.links[cursor] = NodeLink(place: at.rawValue, isDeleted: link.isDeleted)
                at = at + (link.isDeleted ? 0 : 1)
                cursor = link.next
            }
            if cursor == .none { break }
            // Nodes of the program are in the order of the pool: those before such a node have places.
            if cursor < loaded { pointed = pointer.point(pointed, to: loadedJumpCount, before: cursor) }
        }
        if pointer.lateCount > 0 { _ = pointer.point(0, to: pointer.lateCount, before: .none) }
        _ = pointer.point(pointed, to: jumpCount, before: .none)
        let starts = startStorage.row(as: TableIndex.self)
        for number in 0..<subprogramCount {
            let start = starts[TableIndex(number)]
            result.subprograms[TableIndex(number)] = Subprogram(start: nodes.links[start.node].place, id: start.id)
        }
        return pointer.fits ? .accepted : .erange
    }
}

/// Points jumps and calls to the places of their targets.
private struct JumpPointer {
    let nodes: NodeRows
    let kinds = JumpKindTable.shared.view
    let result: ProgramImage<OutputIndex>
    let loadedCount: Int
    /// How many jumps at the front of the list have to wait for the end of the layout.
    var lateCount = 0
    /// Whether all offsets fit so far.
    var fits = true

    /// Points the jumps of a part of the list whose own node and target are before a node of the program, up to the first of
    /// which one is not; says which this is.
    ///
    /// A jump to a new node, of which nobody knows whether it has its place, has to wait.
    mutating func point(_ start: Int, to end: Int, before limit: NodeIndex) -> Int {
        var number = start
        while number < end {
            let jump = nodes.jumps[TableIndex(number)]
            if jump >= limit { break }
            let insn = nodes.insns[jump]
            let link = nodes.links[jump]
            // Another instruction may have taken over the node of a jump.
            if !link.isDeleted && kinds.count(insn) != 0 {
                let target = nodes.targets[jump]
                if target < limit {
                    let field = kinds.field(of: insn)
                    let distance = Int(nodes.links[target].place) &- Int(link.place) &- 1
                    fits = fits && field.fits(distance)
                    result.insns[OutputIndex(rawValue: link.place)] = field.setting(distance, in: insn)
                } else if target.position < loadedCount {
                    break
                } else {
                    nodes.jumps[TableIndex(lateCount)] = jump
                    lateCount &+= 1
                }
            }
            number &+= 1
        }
        return number
    }
}
