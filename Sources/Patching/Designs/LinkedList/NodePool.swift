import BPF

/// A node of an ``InstructionList`` by its place in the pool.
struct NodeIndex: SlotIndex {
    var rawValue: UInt32
    /// No node.
    static let none = NodeIndex(rawValue: NodeLink.nextBits)
}

/// Which node follows another, and whether that one is deleted.
struct NodeLink: BitwiseCopyable {
    fileprivate static let nextBits = UInt32.max >> 1

    private var bits: UInt32

    @inline(__always)
    init(to next: NodeIndex) { bits = next.rawValue }

    @inline(__always)
    init(place: UInt32, isDeleted: Bool) { bits = isDeleted ? UInt32.max : place }

    /// The node that follows.
    @inline(__always)
    var next: NodeIndex {
        get { NodeIndex(rawValue: bits & NodeLink.nextBits) }
        set { bits = bits & ~NodeLink.nextBits | newValue.rawValue }
    }

    /// Whether the node does not stand any more.
    @inline(__always)
    var isDeleted: Bool {
        get { bits > NodeLink.nextBits }
        set { bits = newValue ? bits | ~NodeLink.nextBits : bits & NodeLink.nextBits }
    }

    /// Where a node that has been laid out stands: what followed it is not wanted any more.
    @inline(__always)
    var place: UInt32 { bits }
}

/// What a node is besides an instruction, as long as a pass takes.
struct NodeMarks: OptionSet, BitwiseCopyable {
    var rawValue: UInt8
    /// The pass has deleted it.
    static let deleted = NodeMarks(rawValue: 1)
    /// It was replaced past the first slot of its range: nothing stands for it.
    static let replaced = NodeMarks(rawValue: 2)
    /// It is deleted, and its target says what stands for it.
    static let forwarded = NodeMarks(rawValue: 4)
    /// Calls to it enter the code that was inserted in front of it and that jumps skip.
    static let hasPrologue = NodeMarks(rawValue: 8)
    /// It is such code.
    static let isPrologue = NodeMarks(rawValue: 16)
    /// It is the first of a subprogram.
    static let startsSubprogram = NodeMarks(rawValue: 32)
    /// It was appended and belongs to no subprogram yet.
    static let appended = NodeMarks(rawValue: 64)
    /// It was the second slot of a wide load before the pass.
    static let secondSlot = NodeMarks(rawValue: 128)
    /// One of these: a jump to it has to be settled at the end of the pass.
    static let moved = NodeMarks(rawValue: 1 | 2 | 8)
}

/// Memory for nodes, a row for each of their parts: a loop touches only the parts that it needs, and several nodes at once.
struct NodePool: ~Copyable {
    private var insns = RowStorage<Instruction>()
    private var aux = RowStorage<UInt32>()
    private var links = RowStorage<NodeLink>()
    private var marks = RowStorage<NodeMarks>()
    private var targets = RowStorage<NodeIndex>()
    private var prologues = RowStorage<NodeIndex>()
    private var jumps = RowStorage<NodeIndex>()

    /// Makes room for so many nodes, and so many jumps and one row more that does not count.
    mutating func reserve(_ count: Int, keeping kept: Int, jumps listed: Int, keeping keptJumps: Int) {
        precondition(count < NodeIndex.none.position, "a list of \(count) nodes")
        insns.reserve(count, keeping: kept)
        aux.reserve(count, keeping: kept)
        links.reserve(count, keeping: kept)
        marks.reserve(count, keeping: kept)
        targets.reserve(count, keeping: kept)
        prologues.reserve(count, keeping: kept)
        jumps.reserve(listed + 1, keeping: keptJumps)
    }

    /// The nodes; valid until the next ``reserve(_:keeping:jumps:keeping:)``.
    var rows: NodeRows {
        NodeRows(
            insns: insns.row(), aux: aux.row(), links: links.row(), marks: marks.row(), targets: targets.row(),
            prologues: prologues.row(), jumps: jumps.row())
    }
}

/// The nodes of a pool.
struct NodeRows: BitwiseCopyable {
    let insns: Row<NodeIndex, Instruction>
    let aux: Row<NodeIndex, UInt32>
    let links: Row<NodeIndex, NodeLink>
    let marks: Row<NodeIndex, NodeMarks>
    /// What jumps and calls reach; anything for other nodes.
    let targets: Row<NodeIndex, NodeIndex>
    /// The first node of the code that calls to a node enter, where it has such code.
    let prologues: Row<NodeIndex, NodeIndex>
    /// Every node that holds a jump or call, and some that did once.
    let jumps: Row<TableIndex, NodeIndex>
}
