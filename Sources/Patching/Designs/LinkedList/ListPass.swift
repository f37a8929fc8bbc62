import BPF

/// One edit pass on an ``InstructionList``.
struct ListPass {
    /// For how many edits new nodes are linked at once, which are then still in the cache.
    private static let block = 512

    let pass: PassImage
    let nodes: NodeRows
    let kinds = JumpKindTable.shared.view
    /// The node at each position of the list before the pass.
    let index: Row<InputIndex, NodeIndex>
    let starts: Row<TableIndex, SubprogramStart>
    private(set) var poolCount: Int
    var jumpCount: Int
    private(set) var head: NodeIndex
    private(set) var tail: NodeIndex
    private(set) var count: Int
    var subprogramCount: Int
    /// The position of the last node behind which code was put, and the last node of that code.
    private var extended = -2
    private var extensionTail = NodeIndex.none
    /// Whether jumps may reach nodes that do not stand, or that calls do not enter as jumps do.
    private var movesTargets = false
    var isWhole = true
    /// How many slots longer the list is behind the edits so far.
    private var growth = 0

    init(
        pass: PassImage, nodes: NodeRows, index: Row<InputIndex, NodeIndex>,
        starts: Row<TableIndex, SubprogramStart>, poolCount: Int, jumpCount: Int, head: NodeIndex, tail: NodeIndex,
        count: Int, subprogramCount: Int
    ) {
        self.pass = pass
        self.nodes = nodes
        self.index = index
        self.starts = starts
        self.poolCount = poolCount
        self.jumpCount = jumpCount
        self.head = head
        self.tail = tail
        self.count = count
        self.subprogramCount = subprogramCount
    }

    /// Carries out the pass; says whether something stands for the target of every jump.
    @inline(__always)
    mutating func run() -> Bool {
        for row in 0..<subprogramCount { nodes.marks[starts[TableIndex(row)].node].insert(.startsSubprogram) }
        let end = TableIndex(pass.editCount)
        let isLong = pass.editCount >= ListPass.block
        var number = TableIndex(0)
        while number < end {
            let stop = min(end, number + ListPass.block)
            chainNewNodes(for: number, before: stop)
            while number < stop {
                if isLong { number = replaceKept(number, before: stop) }
                if number == stop { break }
                let edit = pass.edits[number]
                growth &+= edit.growth
                if edit.isDeletion {
                    delete(edit)
                } else if edit.remove > 0 {
                    replace(edit)
                } else {
                    insert(edit)
                }
                number = number + 1
            }
        }
        if isWhole && movesTargets { settle() }
        count &+= growth
        return isWhole && count > 0 && subprogramCount > 0
    }

    // MARK: Edits

    /// Links all nodes that some edits may need one behind the other, so that an edit only has to link the last of its own.
    @inline(__always)
    private func chainNewNodes(for first: TableIndex, before stop: TableIndex) {
        var slots = 0
        var number = first
        while number < stop {
            slots &+= Int(pass.edits[number].patchCount)
            number = number + 1
        }
        var node = NodeIndex(poolCount)
        let end = node + slots
        nodes.marks.fill(slots, from: node, with: [])
        while node < end {
            nodes.links[node] = NodeLink(to: node + 1)
            node = node + 1
        }
    }

    /// Carries out edits as long as they are such that each keeps the one slot that it replaces, as in long passes of the
    /// kernel's, and says which is the first that is not.
    ///
    /// What a loop does not wait for, it reads ahead: so nothing is in this one that other edits need.
    @inline(never)
    private mutating func replaceKept(_ start: TableIndex, before stop: TableIndex) -> TableIndex {
        let (pass, nodes, kinds, index) = (pass, nodes, kinds, index)
        var (number, rest, listed) = (start, NodeIndex(poolCount), TableIndex(jumpCount))
        while number < stop {
            let edit = pass.edits[number]
            if edit.remove != 1 || edit.keep >= edit.patchCount || edit.refCount != 0 { break }
            let first = index[edit.off]
            let patch = pass.patch(of: edit)
            let count = edit.patchCount &- 1
            var classes = JumpClasses()
            nodes.insns.suffix(from: rest, as: PatchIndex.self).copyPatch(
                from: patch.suffix(from: PatchIndex(1), as: PatchIndex.self), count: count,
                clearing: nodes.aux.suffix(from: rest, as: PatchIndex.self), &classes)
            let insn = nodes.insns[first]
            var mayJump = classes.mayJump
            if edit.keep != 0 {
                let own = rest + (Int(edit.keep) &- 1)
                nodes.insns[own] = insn
                nodes.aux[own] = nodes.aux[first]
                nodes.targets[own] = nodes.targets[first]
                nodes.jumps[listed] = own
                listed = listed + kinds.count(insn)
                nodes.insns[first] = patch[PatchIndex(0)]
                nodes.aux[first] = 0
                mayJump = mayJump || kinds.count(nodes.insns[first]) != 0
            }
            if mayJump {
                jumpCount = listed.position
                listJumps(of: edit, first: first, rest: rest)
                listed = TableIndex(jumpCount)
            }
            let following = nodes.links[first].next
            let last = count == 0 ? first : rest + (Int(count) &- 1)
            nodes.links[first] = NodeLink(to: rest)
            nodes.links[last] = NodeLink(to: following)
            if following == .none { tail = last }
            growth &+= Int(count)
            rest = rest + Int(count)
            extended = edit.off.position
            extensionTail = last
            number = number + 1
        }
        poolCount = rest.position
        jumpCount = listed.position
        return number
    }

    /// Flags the nodes of a range; they stay linked, so that what follows them can be found.
    @inline(__always)
    private mutating func delete(_ edit: EditRecord) {
        movesTargets = true
        var position = edit.off
        while position < edit.end {
            let node = index[position]
            nodes.marks[node].insert(.deleted)
            nodes.links[node].isDeleted = true
            position = position + 1
        }
    }

    /// Puts a patch in the place of a range: its first instruction takes over the node that jumps to the range reach.
    @inline(__always)
    private mutating func replace(_ edit: EditRecord) {
        let first = index[edit.off]
        let insn = nodes.insns[first]
        let word = nodes.aux[first]
        let target = nodes.targets[first]
        let rest = NodeIndex(poolCount)
        let last = extend(first, by: Int(edit.patchCount) &- 1)
        write(edit, first: first, rest: rest)
        if edit.remove > 1 {
            movesTargets = true
            if edit.keep != EditRecord.noKeep {
                let second = index[edit.off + 1]
                let place = rest + Int(edit.keep)
                nodes.insns[place] = nodes.insns[second]
                nodes.aux[place] = nodes.aux[second]
            }
            var inside = edit.off + 1
            while inside < edit.end {
                let node = index[inside]
                nodes.marks[node].formUnion([.deleted, .replaced])
                nodes.links[node].isDeleted = true
                inside = inside + 1
            }
        }
        if edit.keep == EditRecord.noKeep {
            nodes.aux[last] = word
        } else {
            put(insn, word, target, in: node(PatchIndex(rawValue: edit.keep), first, rest))
        }
        extended = edit.off.position
        extensionTail = last
    }

    /// Puts code in front of an instruction, or at the end.
    @inline(__always)
    private mutating func insert(_ edit: EditRecord) {
        let count = Int(edit.patchCount)
        if edit.off.position == self.count || edit.skip {
            insertAside(edit)
            return
        }
        // The first new instruction takes over the node that jumps reach; the old one moves behind the new code.
        let first = index[edit.off]
        let insn = nodes.insns[first]
        let word = nodes.aux[first]
        let target = nodes.targets[first]
        let rest = NodeIndex(poolCount)
        let last = extend(first, by: count)
        write(edit, first: first, rest: rest)
        put(insn, word, target, in: last)
        extended = edit.off.position
        extensionTail = last
    }

    /// Puts code at the end, or where jumps to an instruction do not reach it.
    @inline(never)
    private mutating func insertAside(_ edit: EditRecord) {
        let first = NodeIndex(poolCount)
        let isAppended = edit.off.position == count
        var behind = tail
        if !isAppended {
            movesTargets = true
            behind =
                edit.off.position == extended + 1
                ? extensionTail : edit.off.position > 0 ? index[edit.off + -1] : .none
            let origin = index[edit.off]
            nodes.marks[origin].insert(.hasPrologue)
            nodes.prologues[origin] = first
        }
        append(edit, behind: behind, marks: isAppended ? .appended : .isPrologue)
        if !isAppended && nodes.marks[index[edit.off]].contains(.startsSubprogram) {
            nodes.marks[first].insert(.startsSubprogram)
        }
        write(edit, first: first, rest: first + 1)
    }

    /// Links a node for each slot of a patch in behind a node, or at the head.
    private mutating func append(_ edit: EditRecord, behind: NodeIndex, marks: NodeMarks) {
        let first = NodeIndex(poolCount)
        let last = first + (Int(edit.patchCount) - 1)
        nodes.marks.fill(Int(edit.patchCount), from: first, with: marks)
        let following = behind == .none ? head : nodes.links[behind].next
        nodes.links[last] = NodeLink(to: following)
        if behind == .none { head = first } else { nodes.links[behind].next = first }
        if following == .none { tail = last }
        poolCount += Int(edit.patchCount)
    }

    /// Links new nodes in behind one that stands and gives the last of them, or that one.
    @inline(__always)
    private mutating func extend(_ first: NodeIndex, by count: Int) -> NodeIndex {
        let following = nodes.links[first].next
        let last = count == 0 ? first : NodeIndex(poolCount &+ count &- 1)
        nodes.links[first] = NodeLink(to: NodeIndex(poolCount))
        nodes.links[last] = NodeLink(to: following)
        if following == .none { tail = last }
        poolCount &+= count
        return last
    }

    // MARK: Instructions

    /// Puts an instruction of the program and what travels with it in a node.
    @inline(__always)
    private mutating func put(_ insn: Instruction, _ word: UInt32, _ target: NodeIndex, in node: NodeIndex) {
        nodes.insns[node] = insn
        nodes.aux[node] = word
        nodes.targets[node] = target
        nodes.jumps[TableIndex(jumpCount)] = node
        jumpCount &+= kinds.count(insn)
    }

    /// The node of a patch slot: the first stands by itself, the rest follow each other in the pool.
    @inline(__always)
    func node(_ slot: PatchIndex, _ first: NodeIndex, _ rest: NodeIndex) -> NodeIndex {
        slot.rawValue == 0 ? first : rest + (slot.position - 1)
    }

    /// Writes a patch into its nodes as it is, placeholders included.
    @inline(__always)
    private mutating func write(_ edit: EditRecord, first: NodeIndex, rest: NodeIndex) {
        let patch = pass.patch(of: edit)
        let insn = patch[PatchIndex(0)]
        nodes.insns[first] = insn
        nodes.aux[first] = 0
        var classes = JumpClasses()
        nodes.insns.suffix(from: rest, as: PatchIndex.self).copyPatch(
            from: patch.suffix(from: PatchIndex(1), as: PatchIndex.self), count: edit.patchCount &- 1,
            clearing: nodes.aux.suffix(from: rest, as: PatchIndex.self), &classes)
        if classes.mayJump || kinds.count(insn) != 0 || edit.refCount > 0 {
            listJumps(of: edit, first: first, rest: rest)
        }
    }
}
