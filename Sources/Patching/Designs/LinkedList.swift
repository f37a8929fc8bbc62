import BPF

/// A linked list with a node for each instruction, laid out once after all passes.
///
/// - `create` makes a node for each slot. A jump points to the node that it reaches, so no edit changes an offset.
/// - `patch` overwrites a node by the first slot of a patch and adds nodes for the others after it. Jumps to it enter the patch.
/// - `prepatch` adds nodes before a node. Jumps to the node do not enter them.
/// - `remove` flags nodes, which stay in the list.
/// - `linearize` walks the list, numbers the nodes and writes the program, then sets the offset of each jump.
/// - `destroy` empties the pool from which all nodes come.
///
/// It costs 24 bytes for each node, four for its number, four for each jump, and an index of four for each slot, since edits
/// name positions. A walk of the list rebuilds that index for each pass after the first.
///
/// Departures from the proposal, which grows instructions and says that removal is not right yet:
/// - It relocates by original indices, and knows no jumps from one pass into the patches of another. Nodes point to nodes
///   here, as in Nakryiko's answer of 2019. His dummy node at the head and his index of nodes are here too.
/// - It relocates every node in a second walk. Here `linearize` notes the jumps in its only walk.
/// - After a pass that removes nodes or uses `prepatch`, `redirect` walks the list. Jumps to removed nodes then point to the
///   node that follows in the same subprogram, and calls to the code that `prepatch` put before their callee.
/// - It finds subprograms again by the calls to them. Here starts and line records are positions that each pass moves.
///
/// - Complexity: O(slots) to create; O(nodes) to linearize, removed nodes included; O(nodes + edits) a pass. A removed slot
///   adds O(log subprograms) to its pass; a jump or call of a patch adds O(refs of its edit + log subprograms).
/// - Source: Wang, July 2019 (`bpf_list_insn`, `bpf_linearize_list_insn`); Nakryiko, 2019 (`bpf_patchable_insn`)
public final class LinkedList: ScriptPatcher {
    public let name = "linked-list"
    private let list = UncheckedBox(InstructionList())

    public init() {}

    public func begin(_ input: ProgramImage<InputIndex>) { unsafe list.value.create(input) }
    public func apply(_ pass: PassImage) -> PatchStatus { unsafe list.value.apply(pass) }
    public func finish(into output: ProgramBuffer) -> PatchStatus { unsafe list.value.linearize(into: output) }
}

/// A node of the list by its number in the pool; 0 is the dummy at the head.
private struct NodeIndex: SlotIndex {
    var rawValue: UInt32
    static let (head, none, removed) = (Self(rawValue: 0), Self(rawValue: .max), Self(rawValue: .max - 1))
}

/// An instruction of the list.
private struct Node: BitwiseCopyable {
    var insn = Instruction(bits: 0)
    var aux: UInt32 = 0
    var next: NodeIndex
    /// The node that a jump or call reaches; `removed` flags a node as removed.
    var target = NodeIndex.none
    /// Until the next pass: of a removed node, the node that jumps and calls to it reach; of a node with `prepatch` code
    /// before it, the first node of that code, which calls to the node enter.
    var detour = NodeIndex.none

    var isRemoved: Bool { target == .removed }
    mutating func takeContents(of other: Node) { (insn, aux, target) = (other.insn, other.aux, other.target) }
}

/// The nodes of a patch: one for its first slot, and new ones, side by side in the pool, for the others.
private struct PatchNodes {
    var (first, rest): (NodeIndex, NodeIndex)
    func node(_ position: Int) -> NodeIndex { position == 0 ? first : rest + (position - 1) }
}

private struct InstructionList: ~Copyable {
    private var pool = Scratch<Node>()
    private var nodeCount = 0
    /// The program before the pass, without its words, and the nodes at its positions.
    private let before = ProgramBuffer()
    private var positions = Scratch<NodeIndex>()
    private var hasIndex = false
    private let after = ProgramBuffer()
    private var numbers = Scratch<OutputIndex>()
    private var jumps = Scratch<NodeIndex>()
    private let kinds = JumpKindTable.shared.view
    private var errors = LayoutErrors()
    private var input: ProgramImage<InputIndex> { before.image() }
    private var nodes: UnsafeTypedBuffer<NodeIndex, Node> { pool.buffer() }
    private var index: UnsafeTypedBuffer<InputIndex, NodeIndex> { positions.buffer() }

    mutating func create(_ input: ProgramImage<InputIndex>) {
        destroy()
        before.loadTables(input, room: input.insnCount)
        pool.reserve(input.insnCount + 1)
        positions.reserve(input.insnCount)
        let (nodes, index, insns) = (nodes, index, self.input.insns)
        unsafe nodes[.head] = Node(next: .head + 1)
        for position in 0..<input.insnCount {
            let (slot, own) = (InputIndex(position), NodeIndex(position + 1))
            let insn = unsafe input.insns[slot]
            var node = Node(insn: insn, aux: unsafe input.aux[slot], next: own + 1)
            if kinds.count(insn) != 0 { node.target = own + (1 + kinds.field(of: insn).offset(in: insn)) }
            unsafe (nodes[own], index[slot], insns[slot]) = (node, own, insn)
        }
        unsafe nodes[NodeIndex(input.insnCount)].next = .none
        (nodeCount, hasIndex) = (input.insnCount + 1, true)
    }

    mutating func destroy() { (nodeCount, errors) = (0, LayoutErrors()) }

    mutating func apply(_ pass: PassImage) -> PatchStatus {
        pool.reserve(nodeCount + pass.patchSlots + pass.editCount, keeping: nodeCount)
        if !hasIndex { makeIndex() }
        var (length, needsRedirection) = (input.insnCount, false)
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            length += edit.growth
            needsRedirection = needsRedirection || edit.isDeletion || edit.remove > 1 || edit.skip
            if edit.isDeletion { remove(from: edit.off, to: edit.end) }
            let isApart = edit.skip || edit.off.position == input.insnCount
            if isApart { prepatch(edit, of: pass) } else if !edit.isDeletion { patch(edit, of: pass) }
        }
        if needsRedirection { redirect(pass) }
        hasIndex = false
        after.reserve(insns: length, subprograms: input.subprogramCount, lines: input.lineCount)
        let status = after.conclude(pass, on: input, errors.status, insns: length)
        before.exchangeContents(with: after)
        return status
    }

    /// Finds the nodes at all positions.
    private mutating func makeIndex() {
        positions.reserve(before.insnCount)
        let (nodes, index, insns) = (nodes, index, input.insns)
        var slot = InputIndex(0)
        var cursor = unsafe nodes[.head].next
        while cursor != .none {
            let node = unsafe nodes[cursor]
            if !node.isRemoved {
                unsafe (index[slot], insns[slot], nodes[cursor].detour) = (cursor, node.insn, .none)
                slot = slot + 1
            }
            cursor = node.next
        }
    }

    private func remove(from start: InputIndex, to end: InputIndex) {
        for position in start.position..<end.position { unsafe nodes[index[InputIndex(position)]].target = .removed }
    }

    /// Puts a patch in place of a range, or before an instruction, which moves to the end of it.
    private mutating func patch(_ edit: EditRecord, of pass: PassImage) {
        let patched = PatchNodes(first: unsafe index[edit.off], rest: NodeIndex(nodeCount))
        let original = unsafe nodes[patched.first]
        let last = write(edit, of: pass, to: patched)
        unsafe nodes[last].next = edit.isInsertion ? NodeIndex(nodeCount) : original.next
        if edit.isInsertion {
            unsafe nodes[NodeIndex(nodeCount)] = original
            nodeCount += 1
        } else if edit.passesWordOn {
            unsafe nodes[last].aux = original.aux
        } else {
            unsafe nodes[patched.node(Int(edit.keep))].takeContents(of: original)
            if edit.remove == 2 {
                unsafe nodes[patched.node(Int(edit.keep) + 1)].takeContents(of: nodes[index[edit.off + 1]])
            }
        }
        if edit.remove > 1 { remove(from: edit.off + 1, to: edit.end) }
    }

    /// Puts code before an instruction where jumps to it do not enter, or at the end.
    private mutating func prepatch(_ edit: EditRecord, of pass: PassImage) {
        let node = edit.off.position < input.insnCount ? unsafe index[edit.off] : .none
        var previous = edit.off.position == 0 ? .head : unsafe index[edit.off + -1]
        while unsafe nodes[previous].next != node { previous = unsafe nodes[previous].next }
        let added = PatchNodes(first: NodeIndex(nodeCount), rest: NodeIndex(nodeCount + 1))
        unsafe nodes[write(edit, of: pass, to: added)].next = node
        unsafe nodes[previous].next = added.first
        if node != .none { unsafe nodes[node].detour = added.first }
    }

    /// Writes a patch to its nodes, each linked to the one after it, and returns the last.
    private mutating func write(_ edit: EditRecord, of pass: PassImage, to own: PatchNodes) -> NodeIndex {
        let (nodes, patch) = (nodes, pass.patch(of: edit))
        for position in 0..<Int(edit.patchCount) {
            let slot = PatchIndex(position)
            var node = Node(insn: unsafe patch[slot], next: own.node(position + 1))
            if kinds.count(node.insn) != 0 && !edit.keeps(slot) {
                let field = kinds.field(of: node.insn)
                switch pass.patchTarget(of: node.insn, field, at: slot, in: edit, on: input) {
                case .asWritten:
                    let inner = position + 1 + field.offset(in: node.insn)
                    let isPast = edit.skip && inner == edit.patchCount
                    node.target = isPast ? unsafe index[edit.off] : own.node(inner)
                case .input(let target): node.target = unsafe index[target]
                case .nothing: errors.noteDangling()
                }
            }
            unsafe nodes[own.node(position)] = node
        }
        nodeCount = own.node(Int(edit.patchCount)).position
        return own.node(Int(edit.patchCount) - 1)
    }

    /// Points jumps and calls to the nodes that they reach after the pass.
    private mutating func redirect(_ pass: PassImage) {
        for number in (0..<pass.editCount).reversed() where pass.edit(number).isDeletion {
            let edit = pass.edit(number)
            for position in (edit.off.position..<edit.end.position).reversed() {
                let slot = InputIndex(position)
                if position + 1 == input.end(of: input.subprogram(holding: slot)) { continue }
                let next = unsafe index[slot + 1]
                unsafe nodes[index[slot]].detour = nodes[next].isRemoved ? nodes[next].detour : next
            }
        }
        var cursor = errors.status == .accepted ? unsafe nodes[.head].next : .none
        while cursor != .none {
            let node = unsafe nodes[cursor]
            if !node.isRemoved && kinds.count(node.insn) != 0 {
                var target = node.target
                if unsafe nodes[target].isRemoved { target = unsafe nodes[target].detour }
                if target == .none {
                    errors.noteDangling()
                } else if kinds.field(of: node.insn).isCall, unsafe nodes[target].detour != .none {
                    target = unsafe nodes[target].detour
                }
                unsafe nodes[cursor].target = target
            }
            cursor = node.next
        }
    }

    /// Writes the program.
    mutating func linearize(into output: ProgramBuffer) -> PatchStatus {
        output.loadTables(before.image(as: OutputIndex.self), room: before.insnCount)
        let result: ProgramImage<OutputIndex> = output.image()
        let numbers = numbers.buffer(reserving: nodeCount, as: NodeIndex.self)
        let jumps = jumps.buffer(reserving: before.insnCount + 1, as: TableIndex.self)
        let (nodes, kinds) = (nodes, kinds)
        var (at, jumpCount) = (OutputIndex(0), 0)
        var cursor = unsafe nodes[.head].next
        while cursor != .none {
            let node = unsafe nodes[cursor]
            if !node.isRemoved {
                unsafe (result.insns[at], result.aux[at]) = (node.insn, node.aux)
                unsafe (numbers[cursor], jumps[TableIndex(jumpCount)]) = (at, cursor)
                jumpCount += kinds.count(node.insn)
                at = at + 1
            }
            cursor = node.next
        }
        for number in 0..<jumpCount {
            let own = unsafe jumps[TableIndex(number)]
            let (node, at) = unsafe (nodes[own], numbers[own])
            unsafe result.insns[at] = errors.pointing(
                node.insn, kinds.field(of: node.insn), at: at, to: numbers[node.target])
        }
        return errors.status
    }
}
