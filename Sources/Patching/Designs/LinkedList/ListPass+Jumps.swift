import BPF

/// The jumps and calls that patches bring, and those that reach for what does not stand any more.
extension ListPass {
    /// Lists the jumps and calls of a patch and resolves them to nodes.
    @inline(never)
    mutating func listJumps(of edit: EditRecord, first: NodeIndex, rest: NodeIndex) {
        let patch = pass.patch(of: edit)
        var slot = PatchIndex(0)
        while slot.rawValue < edit.patchCount {
            let insn = patch[slot]
            if kinds.count(insn) != 0 && !edit.keeps(slot) {
                let own = node(slot, first, rest)
                nodes.targets[own] = target(of: insn, at: slot, of: edit, first: first, rest: rest)
                nodes.jumps[TableIndex(jumpCount)] = own
                jumpCount &+= 1
            }
            slot = slot + 1
        }
    }

    /// The node that a jump or call of a patch reaches.
    private mutating func target(
        of insn: Instruction, at slot: PatchIndex, of edit: EditRecord, first: NodeIndex, rest: NodeIndex
    ) -> NodeIndex {
        let kind = insn.jumpKind
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
        let isThere = goal.position < count && !nodes.marks[index[goal]].contains(.secondSlot)
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
            if starts[TableIndex(middle)].position <= position.rawValue { low = middle } else { high = middle }
        }
        return low
    }

    /// Lets jumps, calls and subprogram starts go on from what does not stand any more.
    mutating func settle() {
        var number = TableIndex(0)
        while number.position < jumpCount {
            let jump = nodes.jumps[number]
            number = number + 1
            if nodes.links[jump].isDeleted { continue }
            let target = nodes.targets[jump]
            if nodes.marks[target].isDisjoint(with: .moved) { continue }
            let insn = nodes.insns[jump]
            // Another instruction may have taken over the node of a jump.
            if kinds.count(insn) == 0 { continue }
            let landing = standing(for: target, call: kinds.field(of: insn).isCall)
            if landing == .none {
                isWhole = false
                return
            }
            nodes.targets[jump] = landing
        }
        var kept = 0
        for row in 0..<subprogramCount {
            var start = starts[TableIndex(row)]
            if !nodes.marks[start.node].isDisjoint(with: .moved) {
                start.node = standing(for: start.node, call: true)
                if start.node == .none { continue }
            }
            starts[TableIndex(kept)] = start
            kept += 1
        }
        subprogramCount = kept
    }

    /// The node that stands for another after the pass, or none.
    private func standing(for target: NodeIndex, call: Bool) -> NodeIndex {
        let marks = nodes.marks[target]
        if marks.contains(.replaced) { return .none }
        if !marks.contains(.deleted) {
            return call && marks.contains(.hasPrologue) ? nodes.prologues[target] : target
        }
        var cursor = target
        var found = NodeIndex.none
        search: repeat {
            if !call && nodes.marks[cursor].contains(.forwarded) {
                found = nodes.targets[cursor]
                break
            }
            cursor = nodes.links[cursor].next
            if cursor == .none { break }
            let marks = nodes.marks[cursor]
            if !marks.isDisjoint(with: [.startsSubprogram, .appended]) { break }
            if nodes.links[cursor].isDeleted || (!call && marks.contains(.isPrologue)) { continue search }
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
            let marks = nodes.marks[cursor]
            if marks.contains(.deleted) && !marks.contains(.replaced) {
                nodes.marks[cursor].insert(.forwarded)
                nodes.targets[cursor] = found
            }
            cursor = nodes.links[cursor].next
        }
    }
}
