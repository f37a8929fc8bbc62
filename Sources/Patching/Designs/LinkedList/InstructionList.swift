import BPF

/// A node of an ``InstructionList`` by its place in the pool.
struct NodeIndex: SlotIndex {
    var rawValue: UInt32
    /// No node.
    static let none = NodeIndex(rawValue: UInt32.max)
}

/// A slot of a program as a node of a list.
struct InstructionNode: BitwiseCopyable {
    /// What a node is besides an instruction; all but `deleted` last for one pass.
    struct Flags: OptionSet, BitwiseCopyable {
        var rawValue: UInt32
        /// It does not stand any more.
        static let deleted = Flags(rawValue: 1)
        /// It was replaced past the first slot of its range: nothing stands for it.
        static let replaced = Flags(rawValue: 2)
        /// It is deleted, and its `target` says what stands for it.
        static let forwarded = Flags(rawValue: 4)
        /// Calls to it enter the code that was inserted in front of it and that jumps skip.
        static let hasPrologue = Flags(rawValue: 8)
        /// It is such code.
        static let isPrologue = Flags(rawValue: 16)
        /// It is the first of a subprogram.
        static let startsSubprogram = Flags(rawValue: 32)
        /// It was appended and belongs to no subprogram yet.
        static let appended = Flags(rawValue: 64)
        /// It was the second slot of a wide load before the pass.
        static let secondSlot = Flags(rawValue: 128)
        /// One of these: a jump to it has to be settled at the end of the pass.
        static let moved = Flags(rawValue: 1 | 2 | 8)
    }

    var insn: Instruction
    var aux: UInt32
    var flags: Flags
    var next: NodeIndex
    /// What a jump or call reaches.
    var target: NodeIndex
    /// Where the node stands in the last layout that was counted.
    var place: UInt32
    /// The first node of the code that calls to this one enter.
    var prologue: NodeIndex
}

/// A program as a list of nodes in a pool: positions are given out only when it is laid out.
///
/// - Source: Jiong Wang, July 2019
struct InstructionList: ~Copyable {
    /// A jump or call in the layout.
    struct Jump: BitwiseCopyable {
        var from: OutputIndex
        var target: NodeIndex
    }

    private var pool = RowStorage<InstructionNode>()
    private var indexStorage = RowStorage<NodeIndex>()
    private var startStorage = RowStorage<NodeIndex>()
    private var idStorage = RowStorage<UInt32>()
    private var jumpStorage = RowStorage<Jump>()
    private var poolCount = 0
    /// Whether positions are known, as they are before the first pass.
    private var isNumbered = false
    private var head = NodeIndex.none
    private var tail = NodeIndex.none
    /// How many nodes stand.
    private(set) var count = 0
    /// How many subprograms stand.
    private(set) var subprogramCount = 0

    /// Makes the list of a program, one node a slot.
    ///
    /// - Complexity: O(slots)
    mutating func load(_ input: ProgramImage<InputIndex>) {
        pool.reserve(input.insnCount)
        indexStorage.reserve(input.insnCount)
        let nodes = pool.row(as: NodeIndex.self)
        let index = indexStorage.row(as: InputIndex.self)
        var isSecond = false
        for slot in 0..<input.insnCount {
            let insn = input.insns[InputIndex(slot)]
            let kind = insn.jumpKind
            nodes[NodeIndex(slot)] = InstructionNode(
                insn: insn, aux: input.aux[InputIndex(slot)], flags: isSecond ? .secondSlot : [],
                next: NodeIndex(slot + 1),
                target: kind == .none ? .none : NodeIndex(slot &+ 1 &+ insn.jumpOffset(kind)),
                place: UInt32(truncatingIfNeeded: slot), prologue: .none)
            index[InputIndex(slot)] = NodeIndex(slot)
            isSecond = insn.isWide
        }
        isNumbered = true
        count = input.insnCount
        poolCount = count
        head = NodeIndex(0)
        tail = NodeIndex(count - 1)
        nodes[tail].next = .none
        subprogramCount = input.subprogramCount
        startStorage.reserve(subprogramCount)
        idStorage.reserve(subprogramCount)
        let starts = startStorage.row(as: TableIndex.self)
        let ids = idStorage.row(as: TableIndex.self)
        for number in 0..<subprogramCount {
            let subprogram = input.subprograms[TableIndex(number)]
            starts[TableIndex(number)] = NodeIndex(rawValue: subprogram.start)
            ids[TableIndex(number)] = subprogram.id
        }
    }

    /// Carries out a pass in the coordinates of the list as it stands.
    ///
    /// - Complexity: O(nodes + edits)
    mutating func apply(_ pass: PassImage) -> PatchStatus {
        // Room for the whole pass at once, so that the rows below stay valid throughout it.
        pool.reserve(poolCount + pass.patchSlots + pass.editCount, keeping: poolCount)
        if !isNumbered { indexStorage.reserve(count) }
        var work = ListPass(
            pass: pass, nodes: pool.row(), index: indexStorage.row(), starts: startStorage.row(),
            ids: idStorage.row(), poolCount: poolCount, head: head, tail: tail, count: count,
            subprogramCount: subprogramCount)
        let isWhole = work.run(isNumbered: isNumbered)
        isNumbered = false
        poolCount = work.poolCount
        head = work.head
        tail = work.tail
        count = work.count
        subprogramCount = work.subprogramCount
        return isWhole ? .accepted : .einval
    }

    /// Gives out positions and writes the program; says whether all offsets fit.
    ///
    /// - Complexity: O(nodes)
    mutating func layOut(into result: ProgramImage<OutputIndex>) -> PatchStatus {
        jumpStorage.reserve(count)
        let nodes = pool.row(as: NodeIndex.self)
        let jumps = jumpStorage.row(as: TableIndex.self)
        var jumpCount = 0
        var at = OutputIndex(0)
        var cursor = head
        while cursor != .none {
            let node = nodes[cursor]
            if !node.flags.contains(.deleted) {
                nodes[cursor].place = at.rawValue
                result.insns[at] = node.insn
                result.aux[at] = node.aux
                // Written in any case, counted when it is a jump: no branch to mispredict.
                jumps[TableIndex(jumpCount)] = Jump(from: at, target: node.target)
                jumpCount &+= node.target == .none ? 0 : 1
                at = at + 1
            }
            cursor = node.next
        }
        var overflow = false
        for number in 0..<jumpCount {
            let jump = jumps[TableIndex(number)]
            var insn = result.insns[jump.from]
            let offset = Int(nodes[jump.target].place) &- jump.from.position &- 1
            if !insn.setJumpOffset(offset, insn.jumpKind) { overflow = true }
            result.insns[jump.from] = insn
        }
        let starts = startStorage.row(as: TableIndex.self)
        let ids = idStorage.row(as: TableIndex.self)
        for number in 0..<subprogramCount {
            let row = TableIndex(number)
            result.subprograms[row] = Subprogram(start: nodes[starts[row]].place, id: ids[row])
        }
        return overflow ? .erange : .accepted
    }
}
