import BPF

/// One edit pass on an ``InstructionList``.
struct ListPass {
    let pass: PassImage
    let nodes: Row<NodeIndex, InstructionNode>
    /// The node at each position of the list before the pass.
    let index: Row<InputIndex, NodeIndex>
    let starts: Row<TableIndex, NodeIndex>
    let ids: Row<TableIndex, UInt32>
    var poolCount: Int
    var head: NodeIndex
    var tail: NodeIndex
    var count: Int
    var subprogramCount: Int
    /// The position of the last node behind which code was put, and the last node of that code.
    private var extended = -2
    private var extensionTail = NodeIndex.none
    private var isWhole = true

    init(
        pass: PassImage, nodes: Row<NodeIndex, InstructionNode>, index: Row<InputIndex, NodeIndex>,
        starts: Row<TableIndex, NodeIndex>, ids: Row<TableIndex, UInt32>, poolCount: Int, head: NodeIndex,
        tail: NodeIndex, count: Int, subprogramCount: Int
    ) {
        self.pass = pass
        self.nodes = nodes
        self.index = index
        self.starts = starts
        self.ids = ids
        self.poolCount = poolCount
        self.head = head
        self.tail = tail
        self.count = count
        self.subprogramCount = subprogramCount
    }

    /// Carries out the pass; says whether something stands for the target of every jump.
    mutating func run(isNumbered: Bool) -> Bool {
        if !isNumbered { number() }
        for row in 0..<subprogramCount { nodes[starts[TableIndex(row)]].flags.insert(.startsSubprogram) }
        var growth = 0
        for row in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(row)]
            growth += edit.growth
            if edit.isDeletion {
                delete(edit.off, edit.end)
            } else if edit.remove > 0 {
                replace(edit)
            } else {
                insert(edit)
            }
        }
        settle()
        count += growth
        return isWhole && count > 0 && subprogramCount > 0
    }

    // MARK: Edits

    /// Finds the node of every position and forgets what the pass before left on the nodes.
    private mutating func number() {
        var position = InputIndex(0)
        var cursor = head
        var isWide = false
        while cursor != .none {
            var node = nodes[cursor]
            if node.flags.contains(.deleted) {
                node.flags = .deleted
            } else {
                node.flags = isWide ? .secondSlot : []
                node.place = position.rawValue
                isWide = node.insn.isWide
                index[position] = cursor
                position = position + 1
            }
            nodes[cursor] = node
            cursor = node.next
        }
    }

    /// Flags the nodes of a range; they stay linked, so that what follows them can be found.
    private mutating func delete(_ start: InputIndex, _ end: InputIndex) {
        var position = start
        while position < end {
            nodes[index[position]].flags.insert(.deleted)
            position = position + 1
        }
    }

    /// Puts a patch in the place of a range: its first instruction takes over the node that jumps to the range reach.
    private mutating func replace(_ edit: EditRecord) {
        let first = index[edit.off]
        let original = nodes[first]
        let second = edit.remove > 1 ? nodes[index[edit.off + 1]] : original
        var inside = edit.off + 1
        while inside < edit.end {
            nodes[index[inside]].flags.formUnion([.deleted, .replaced])
            inside = inside + 1
        }
        let rest = NodeIndex(poolCount)
        let last = append(Int(edit.patchCount) - 1, behind: first)
        write(edit, first: first, rest: rest)
        if edit.keep != EditRecord.noKeep {
            move(original, to: node(PatchIndex(rawValue: edit.keep), first, rest))
            if edit.remove > 1 { move(second, to: node(PatchIndex(rawValue: edit.keep + 1), first, rest)) }
        } else {
            nodes[last].aux = original.aux
        }
        extended = edit.off.position
        extensionTail = last
    }

    /// Puts code in front of an instruction, or at the end.
    private mutating func insert(_ edit: EditRecord) {
        let count = Int(edit.patchCount)
        if edit.off.position == self.count {
            let first = NodeIndex(poolCount)
            _ = append(count, behind: tail, flags: .appended)
            write(edit, first: first, rest: first + 1)
        } else if edit.skip {
            let origin = index[edit.off]
            let first = NodeIndex(poolCount)
            let before =
                edit.off.position == extended + 1 ? extensionTail : edit.off.position > 0 ? index[edit.off + -1] : .none
            _ = append(count, behind: before, flags: .isPrologue)
            nodes[origin].flags.insert(.hasPrologue)
            nodes[origin].prologue = first
            if nodes[origin].flags.contains(.startsSubprogram) { nodes[first].flags.insert(.startsSubprogram) }
            write(edit, first: first, rest: first + 1)
        } else {
            // The first new instruction takes over the node that jumps reach; the old one moves behind the new code.
            let first = index[edit.off]
            let original = nodes[first]
            let rest = NodeIndex(poolCount)
            let last = append(count, behind: first)
            write(edit, first: first, rest: rest)
            move(original, to: last)
            extended = edit.off.position
            extensionTail = last
        }
    }

    /// Links new nodes in behind a node, or at the head, and gives the last of them, or that node.
    private mutating func append(_ count: Int, behind: NodeIndex, flags: InstructionNode.Flags = []) -> NodeIndex {
        if count == 0 { return behind }
        let start = NodeIndex(poolCount)
        let following = behind == .none ? head : nodes[behind].next
        for number in 0..<count {
            nodes[start + number] = InstructionNode(
                insn: .zero, aux: 0, flags: flags, next: start + (number + 1), target: .none, place: 0, prologue: .none)
        }
        poolCount += count
        let last = start + (count - 1)
        nodes[last].next = following
        if behind == .none { head = start } else { nodes[behind].next = start }
        if following == .none { tail = last }
        return last
    }

    /// Gives a node the instruction, word and target of another.
    private func move(_ original: InstructionNode, to node: NodeIndex) {
        nodes[node].insn = original.insn
        nodes[node].aux = original.aux
        nodes[node].target = original.target
    }

    /// The node of a patch slot: the first stands by itself, the rest follow each other in the pool.
    @inline(__always)
    private func node(_ slot: PatchIndex, _ first: NodeIndex, _ rest: NodeIndex) -> NodeIndex {
        slot.rawValue == 0 ? first : rest + (slot.position - 1)
    }

    /// Writes a patch into its nodes and resolves its jumps to nodes.
    private mutating func write(_ edit: EditRecord, first: NodeIndex, rest: NodeIndex) {
        let patch = pass.patch(of: edit)
        var slot = PatchIndex(0)
        while slot.rawValue < edit.patchCount {
            if slot.rawValue == edit.keep {
                slot = slot + Int(edit.remove)
                continue
            }
            let insn = patch[slot]
            let kind = insn.jumpKind
            let own = node(slot, first, rest)
            nodes[own].insn = insn
            nodes[own].aux = 0
            nodes[own].target =
                kind == .none ? .none : target(of: insn, kind, at: slot, of: edit, first: first, rest: rest)
            slot = slot + 1
            if insn.isWide {
                let second = node(slot, first, rest)
                nodes[second].insn = patch[slot]
                nodes[second].aux = 0
                nodes[second].target = .none
                slot = slot + 1
            }
        }
    }

    /// The node that a jump or call of a patch reaches.
    private mutating func target(
        of insn: Instruction, _ kind: JumpKind, at slot: PatchIndex, of edit: EditRecord, first: NodeIndex,
        rest: NodeIndex
    ) -> NodeIndex {
        var goal = edit.end
        if let ref = pass.target(of: slot, in: edit) {
            goal = ref
        } else {
            let inner = slot + (1 + insn.jumpOffset(kind))
            if inner.rawValue < edit.patchCount { return node(inner, first, rest) }
            if edit.isInsertion && edit.off.position < count {
                return edit.skip ? index[edit.off] : node(inner, first, rest)
            }
        }
        let isThere = goal.position < count && !nodes[index[goal]].flags.contains(.secondSlot)
        let home = edit.off.position < count ? edit.off : InputIndex(count - 1)
        if !isThere || (!kind.isCall && subprogram(holding: goal) != subprogram(holding: home)) {
            isWhole = false
            return .none
        }
        return index[goal]
    }

    /// The number of the subprogram that held a position before the pass.
    private func subprogram(holding position: InputIndex) -> Int {
        var low = 0
        var high = subprogramCount
        while high - low > 1 {
            let middle = (low + high) >> 1
            if nodes[starts[TableIndex(middle)]].place <= position.rawValue { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: The end of the pass

    /// Lets jumps, calls and subprogram starts go on from what does not stand any more.
    private mutating func settle() {
        var cursor = head
        while cursor != .none {
            let node = nodes[cursor]
            if node.target != .none && !node.flags.contains(.deleted)
                && !nodes[node.target].flags.isDisjoint(with: .moved)
            {
                let landing = standing(for: node.target, call: node.insn.jumpKind.isCall)
                if landing == .none { isWhole = false }
                nodes[cursor].target = landing
            }
            cursor = node.next
        }
        var kept = 0
        for row in 0..<subprogramCount {
            let start = standing(for: starts[TableIndex(row)], call: true)
            if start == .none { continue }
            starts[TableIndex(kept)] = start
            ids[TableIndex(kept)] = ids[TableIndex(row)]
            kept += 1
        }
        subprogramCount = kept
    }

    /// The node that stands for another after the pass, or none.
    private func standing(for target: NodeIndex, call: Bool) -> NodeIndex {
        let node = nodes[target]
        if node.flags.contains(.replaced) { return .none }
        if !node.flags.contains(.deleted) {
            return call && node.flags.contains(.hasPrologue) ? node.prologue : target
        }
        var cursor = target
        var found = NodeIndex.none
        search: repeat {
            let passed = nodes[cursor]
            if !call && passed.flags.contains(.forwarded) {
                found = passed.target
                break
            }
            cursor = passed.next
            if cursor == .none { break }
            let flags = nodes[cursor].flags
            if !flags.isDisjoint(with: [.startsSubprogram, .appended]) { break }
            if flags.contains(.deleted) || (!call && flags.contains(.isPrologue)) { continue search }
            found = cursor
            break
        } while true
        if !call { forward(from: target, to: cursor, found) }
        return found
    }

    /// Notes on the deleted nodes of a run what stands for them, so that it is walked only once.
    private func forward(from start: NodeIndex, to end: NodeIndex, _ found: NodeIndex) {
        var cursor = start
        while cursor != end && cursor != .none {
            let node = nodes[cursor]
            if node.flags.contains(.deleted) && !node.flags.contains(.replaced) {
                nodes[cursor].flags.insert(.forwarded)
                nodes[cursor].target = found
            }
            cursor = node.next
        }
    }
}
