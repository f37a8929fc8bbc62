import BPF

/// A program as a list of nodes in a pool: positions are given out only when it is laid out.
///
/// - Source: Jiong Wang, July 2019
struct InstructionList: ~Copyable {
    /// After how many slots jumps are looked at, while they are in the cache.
    private static let block = 512

    private(set) var pool = NodePool()
    private var poolCount = 0
    private(set) var jumpCount = 0
    /// How many nodes and jumps the program had, which are in the order of the list whatever is linked in between.
    private(set) var loadedCount = 0
    private(set) var loadedJumpCount = 0
    private var indexStorage = RowStorage<NodeIndex>()
    /// The nodes in the order of the pool, in which they stand before the first pass.
    private var poolOrder = RowStorage<NodeIndex>()
    private var poolOrderCount = 0
    private(set) var startStorage = RowStorage<SubprogramStart>()
    /// Whether the nodes still stand in the order of the pool, and no pass has marked any.
    private var isNew = false
    private(set) var head = NodeIndex.none
    private var tail = NodeIndex.none
    /// How many nodes stand.
    private(set) var count = 0
    /// How many subprograms stand.
    private(set) var subprogramCount = 0

    /// Makes the list of a program, one node a slot.
    ///
    /// - Complexity: O(slots)
    mutating func load(_ input: ProgramImage<InputIndex>) {
        count = input.insnCount
        poolCount = count
        isNew = true
        pool.reserve(count, keeping: 0, jumps: count, keeping: 0)
        let nodes = pool.rows
        let kinds = JumpKindTable.shared.view
        var listed = TableIndex(0)
        var pointed = listed
        var at = NodeIndex(0)
        var isSecond: UInt8 = 0
        while at.position < count {
            let stop = NodeIndex(min(count, at.position + InstructionList.block))
            while at < stop {
                let slot = InputIndex(rawValue: at.rawValue)
                let insn = input.insns[slot]
                nodes.insns[at] = insn
                nodes.aux[at] = input.aux[slot]
                nodes.marks[at] = NodeMarks(rawValue: isSecond)
                isSecond = insn.isWide ? NodeMarks.secondSlot.rawValue : 0
                // Written in any case, counted when it is a jump: no branch to mispredict.
                nodes.jumps[listed] = at
                listed = listed + kinds.count(insn)
                at = at + 1
                nodes.links[at + -1] = NodeLink(to: at)
            }
            while pointed < listed {
                let jump = nodes.jumps[pointed]
                let insn = nodes.insns[jump]
                let offset = kinds.field(of: insn).offset(in: insn)
                nodes.targets[jump] = NodeIndex(rawValue: jump.rawValue &+ 1 &+ UInt32(truncatingIfNeeded: offset))
                pointed = pointed + 1
            }
        }
        jumpCount = listed.position
        loadedCount = count
        loadedJumpCount = jumpCount
        head = NodeIndex(0)
        tail = NodeIndex(count - 1)
        nodes.links[tail] = NodeLink(to: .none)
        loadStarts(input)
    }

    private mutating func loadStarts(_ input: ProgramImage<InputIndex>) {
        subprogramCount = input.subprogramCount
        startStorage.reserve(subprogramCount)
        let starts = startStorage.row(as: TableIndex.self)
        for number in 0..<subprogramCount {
            let subprogram = input.subprograms[TableIndex(number)]
            starts[TableIndex(number)] = SubprogramStart(
                node: NodeIndex(rawValue: subprogram.start), position: subprogram.start, id: subprogram.id)
        }
    }

    /// Carries out a pass in the coordinates of the list as it stands.
    ///
    /// - Complexity: O(edits + jumps), and O(nodes) if it is not the first pass
    mutating func apply(_ pass: PassImage) -> PatchStatus {
        // Room for the whole pass at once, so that the rows stay valid throughout it.
        // An edit lists the jumps of its patch and the instruction that it moves.
        let patchSlots = pass.patchSlots
        pool.reserve(
            poolCount + patchSlots, keeping: poolCount, jumps: jumpCount + patchSlots + pass.editCount,
            keeping: jumpCount)
        let starts = startStorage.row(as: TableIndex.self)
        let index = isNew ? indexInPoolOrder() : indexOfStanding(starts)
        isNew = false
        var work = ListPass(
            pass: pass, nodes: pool.rows, index: index, starts: starts, poolCount: poolCount,
            jumpCount: jumpCount, head: head, tail: tail, count: count, subprogramCount: subprogramCount)
        let isWhole = work.run()
        poolCount = work.poolCount
        jumpCount = work.jumpCount
        head = work.head
        tail = work.tail
        count = work.count
        subprogramCount = work.subprogramCount
        return isWhole ? .accepted : .einval
    }

    /// The node of every position before the first pass: the same row for every program.
    private mutating func indexInPoolOrder() -> Row<InputIndex, NodeIndex> {
        if poolOrderCount < count {
            poolOrder.reserve(count)
            poolOrderCount = count
            let order = poolOrder.row(as: NodeIndex.self)
            var node = NodeIndex(0)
            while node.position < count {
                order[node] = node
                node = node + 1
            }
        }
        return poolOrder.row()
    }

    /// Finds the node of every position, and forgets what the pass before has marked.
    private mutating func indexOfStanding(_ starts: Row<TableIndex, SubprogramStart>) -> Row<InputIndex, NodeIndex> {
        indexStorage.reserve(count)
        let index = indexStorage.row(as: InputIndex.self)
        let nodes = pool.rows
        var position = InputIndex(0)
        var number = TableIndex(0)
        var isWide = false
        var cursor = head
        while cursor != .none {
            let link = nodes.links[cursor]
            if link.isDeleted {
                nodes.marks[cursor] = []
            } else {
                nodes.marks[cursor] = isWide ? .secondSlot : []
                isWide = nodes.insns[cursor].isWide
                index[position] = cursor
                if number.position < subprogramCount && starts[number].node == cursor {
                    starts[number].position = position.rawValue
                    number = number + 1
                }
                position = position + 1
            }
            cursor = link.next
        }
        return index
    }

}

/// Where a subprogram starts.
struct SubprogramStart: BitwiseCopyable {
    var node: NodeIndex
    /// Where the node stands before the pass.
    var position: UInt32
    var id: UInt32
}
