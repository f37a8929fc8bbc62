import BPF

/// A linked list with a node for each instruction, laid out once after all passes.
///
/// - `create` makes a node for each slot. A jump points to the node that it reaches, so no edit changes an offset.
/// - `patch` overwrites a node by the first slot of a patch and adds nodes for the others after it. Jumps to it enter the patch.
/// - `prepatch` adds nodes before a node. Jumps to the node do not enter them.
/// - `remove` flags nodes, which stay in the list.
/// - `linearize` gives each node its place in one walk, and writes the program with new offsets in another.
/// - `destroy` empties the pool from which all nodes come.
///
/// It costs 24 bytes for each slot and an index of four, and a walk of the list for each pass, since edits name positions.
///
/// Departures from the proposal, which grows instructions and says that removal is not right yet:
/// - It relocates by original indices, and knows no jumps from one pass into the patches of another. Nodes point to nodes
///   here, as in Nakryiko's answer of 2019. His dummy node at the head is here too.
/// - After each pass `settle` points jumps to removed nodes to the node that follows in the same subprogram, and calls to
///   the code that `prepatch` put before their callee. Subprogram starts and line records are positions that each pass moves.
///
/// - Complexity: O(slots) to create and linearize, O(nodes + edits) a pass
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
    static let none = NodeIndex(rawValue: .max)
    static let removed = NodeIndex(rawValue: .max - 1)
}

/// An instruction of the list.
private struct Node: BitwiseCopyable {
    var insn = Instruction(bits: 0)
    var aux: UInt32 = 0
    var next: NodeIndex
    /// The node that a jump or call reaches; `removed` if this node is.
    var target = NodeIndex.none
    /// The node that calls to this one enter; the node that jumps to it reach if it is removed.
    var entry = NodeIndex.none
}

private struct InstructionList: ~Copyable {
    private var pool = Scratch<Node>()
    private var nodeCount = 0
    /// The program before the pass without its words, and the nodes at its positions.
    private let before = ProgramBuffer()
    private var positions = Scratch<NodeIndex>()
    private let after = ProgramBuffer()
    private var places = Scratch<OutputIndex>()
    private let kinds = JumpKindTable.shared.view
    private var errors = LayoutErrors()
    private var input: ProgramImage<InputIndex> { before.image() }
    private var nodes: UnsafeTypedBuffer<NodeIndex, Node> { pool.buffer() }
    private var index: UnsafeTypedBuffer<InputIndex, NodeIndex> { positions.buffer() }

    mutating func create(_ input: ProgramImage<InputIndex>) {
        destroy()
        before.load(input)
        nodeCount = input.insnCount + 1
        pool.reserve(nodeCount)
        unsafe nodes[NodeIndex(0)] = Node(next: NodeIndex(1), target: .removed)
        for position in 0..<input.insnCount {
            let insn = unsafe input.insns[InputIndex(position)]
            let node = NodeIndex(position + 1)
            unsafe nodes[node] = Node(insn: insn, aux: input.aux[InputIndex(position)], next: node + 1)
            if kinds.count(insn) != 0 {
                unsafe nodes[node].target = node + (1 + kinds.field(of: insn).offset(in: insn))
            }
        }
        unsafe nodes[NodeIndex(input.insnCount)].next = .none
    }

    mutating func destroy() { (nodeCount, errors) = (0, LayoutErrors()) }

    mutating func apply(_ pass: PassImage) -> PatchStatus {
        pool.reserve(nodeCount + pass.patchSlots + pass.editCount, keeping: nodeCount)
        makeIndex()
        var (length, hasMovedTargets) = (input.insnCount, false)
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            length += edit.growth
            hasMovedTargets = hasMovedTargets || edit.isDeletion || edit.remove > 1 || edit.skip
            if edit.isDeletion {
                remove(from: edit.off, to: edit.end)
            } else if edit.skip || edit.off.position == input.insnCount {
                prepatch(edit, of: pass)
            } else {
                patch(edit, of: pass)
            }
        }
        if hasMovedTargets { settle(pass) }
        after.reserve(insns: length, subprograms: input.subprogramCount, lines: input.lineCount)
        let status = after.conclude(pass, on: input, errors.status, insns: length)
        before.exchangeContents(with: after)
        return status
    }

    /// Finds the nodes at all positions.
    private mutating func makeIndex() {
        let index = positions.buffer(reserving: before.insnCount, as: InputIndex.self)
        let (nodes, insns) = (nodes, input.insns)
        var position = InputIndex(0)
        var cursor = NodeIndex(0)
        while cursor != .none {
            if unsafe nodes[cursor].target != .removed {
                unsafe index[position] = cursor
                unsafe insns[position] = nodes[cursor].insn
                unsafe nodes[cursor].entry = .none
                position = position + 1
            }
            cursor = unsafe nodes[cursor].next
        }
    }

    private func remove(from start: InputIndex, to end: InputIndex) {
        for position in start.position..<end.position { unsafe nodes[index[InputIndex(position)]].target = .removed }
    }

    /// Puts a patch in place of a range, or before an instruction, which moves to the end of it.
    private mutating func patch(_ edit: EditRecord, of pass: PassImage) {
        let first = unsafe index[edit.off]
        let original = unsafe nodes[first]
        let rest = NodeIndex(nodeCount)
        let last = add(Int(edit.patchCount) - (edit.isInsertion ? 0 : 1), after: first)
        if edit.remove > 1 { remove(from: edit.off + 1, to: edit.end) }
        write(edit, of: pass, first: first, rest: rest)
        let kept = edit.keep == EditRecord.noKeep ? last : node(Int(edit.keep), first, rest)
        unsafe nodes[kept].aux = original.aux
        if edit.keep == EditRecord.noKeep && !edit.isInsertion { return }
        unsafe (nodes[kept].insn, nodes[kept].target) = (original.insn, original.target)
        if edit.remove == 2 {
            let second = unsafe nodes[index[edit.off + 1]]
            let place = rest + Int(edit.keep)
            unsafe (nodes[place].insn, nodes[place].aux) = (second.insn, second.aux)
        }
    }

    /// Puts code before an instruction where jumps to it do not enter, or at the end.
    private mutating func prepatch(_ edit: EditRecord, of pass: PassImage) {
        let first = NodeIndex(nodeCount)
        let node = unsafe edit.off.position < input.insnCount ? index[edit.off] : .none
        var previous = unsafe edit.off.position == 0 ? NodeIndex(0) : index[edit.off + -1]
        while unsafe nodes[previous].next != node { previous = unsafe nodes[previous].next }
        _ = add(Int(edit.patchCount), after: previous)
        write(edit, of: pass, first: first, rest: first + 1)
        if node != .none { unsafe nodes[node].entry = first }
    }

    /// Adds new nodes after a node, and returns the last of them, or that node if there are none.
    private mutating func add(_ count: Int, after node: NodeIndex) -> NodeIndex {
        var last = node
        for _ in 0..<count {
            unsafe nodes[NodeIndex(nodeCount)] = Node(next: nodes[last].next)
            unsafe nodes[last].next = NodeIndex(nodeCount)
            last = unsafe nodes[last].next
            nodeCount += 1
        }
        return last
    }

    /// The node of a patch slot.
    private func node(_ place: Int, _ first: NodeIndex, _ rest: NodeIndex) -> NodeIndex {
        place == 0 ? first : rest + (place - 1)
    }

    /// Writes a patch to its nodes.
    private mutating func write(_ edit: EditRecord, of pass: PassImage, first: NodeIndex, rest: NodeIndex) {
        let patch = pass.patch(of: edit)
        for place in 0..<Int(edit.patchCount) where !edit.keeps(PatchIndex(place)) {
            let insn = unsafe patch[PatchIndex(place)]
            let own = node(place, first, rest)
            unsafe (nodes[own].insn, nodes[own].aux) = (insn, 0)
            if kinds.count(insn) == 0 { continue }
            let field = kinds.field(of: insn)
            switch pass.patchTarget(of: insn, field, at: PatchIndex(place), in: edit, on: input) {
            case .asWritten:
                let inner = place + 1 + field.offset(in: insn)
                let isPast = edit.skip && inner == edit.patchCount
                unsafe nodes[own].target = isPast ? index[edit.off] : node(inner, first, rest)
            case .input(let target): unsafe nodes[own].target = index[target]
            case .nothing: errors.noteDangling()
            }
        }
    }

    /// Points jumps to what is left for them to reach.
    private mutating func settle(_ pass: PassImage) {
        let (nodes, kinds) = (nodes, kinds)
        for number in (0..<pass.editCount).reversed() where pass.edit(number).isDeletion {
            let edit = pass.edit(number)
            for slot in (edit.off.position..<edit.end.position).reversed() {
                if slot + 1 == input.end(of: input.subprogram(holding: InputIndex(slot))) { continue }
                let next = unsafe index[InputIndex(slot + 1)]
                unsafe nodes[index[InputIndex(slot)]].entry = nodes[next].target == .removed ? nodes[next].entry : next
            }
        }
        var cursor = unsafe errors.status == .accepted ? nodes[NodeIndex(0)].next : .none
        while cursor != .none {
            let node = unsafe nodes[cursor]
            if node.target < .removed && kinds.count(node.insn) != 0 {
                var target = node.target
                if unsafe nodes[target].target == .removed { target = unsafe nodes[target].entry }
                if target == .none {
                    errors.noteDangling()
                } else if unsafe kinds.field(of: node.insn).isCall && nodes[target].entry != .none {
                    target = unsafe nodes[target].entry
                }
                unsafe nodes[cursor].target = target
            }
            cursor = node.next
        }
    }

    /// Writes the program.
    mutating func linearize(into output: ProgramBuffer) -> PatchStatus {
        let (nodes, kinds) = (nodes, kinds)
        let places = places.buffer(reserving: nodeCount, as: NodeIndex.self)
        var count = 0
        var cursor = NodeIndex(0)
        while cursor != .none {
            unsafe places[cursor] = OutputIndex(count)
            unsafe count += nodes[cursor].target == .removed ? 0 : 1
            cursor = unsafe nodes[cursor].next
        }
        output.loadTables(before.image(as: OutputIndex.self), room: count)
        let result: ProgramImage<OutputIndex> = output.image()
        cursor = NodeIndex(0)
        while cursor != .none {
            let node = unsafe nodes[cursor]
            if node.target != .removed {
                let (at, field) = unsafe (places[cursor], kinds.field(of: node.insn))
                let isJump = kinds.count(node.insn) != 0
                unsafe result.insns[at] =
                    isJump ? errors.pointing(node.insn, field, at: at, to: places[node.target]) : node.insn
                unsafe result.aux[at] = node.aux
            }
            cursor = node.next
        }
        return errors.status
    }
}
