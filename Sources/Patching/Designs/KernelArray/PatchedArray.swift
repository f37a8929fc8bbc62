import BPF

/// The kernel's array of instructions while a pass goes on.
struct PatchedArray {
    let pass: PassImage
    let insns: Row<OutputIndex, Instruction>
    let aux: Row<OutputIndex, UInt32>
    private let kinds = JumpKindTable.shared.view
    /// Where the branches stand, in no order; a branch is found here rather than by looking at every slot.
    let branches: Row<TableIndex, OutputIndex>
    var branchCount = 0
    /// How far what stands in front of a change moves, and what stands behind it.
    let steps: Row<Slot, Int>
    /// The length after the edits so far, in slots.
    var count: Int
    var tables: ArrayTables

    init(
        pass: PassImage, insns: Row<OutputIndex, Instruction>, aux: Row<OutputIndex, UInt32>,
        branches: Row<TableIndex, OutputIndex>, steps: Row<Slot, Int>, count: Int,
        tables: ArrayTables
    ) {
        self.pass = pass
        self.insns = insns
        self.aux = aux
        self.branches = branches
        self.steps = steps
        self.count = count
        self.tables = tables
        for slot in 0..<count { noteBranch(at: OutputIndex(slot), insns[OutputIndex(slot)]) }
    }

    /// Notes where an instruction stands if it is a branch.
    @inline(__always)
    private mutating func noteBranch(at place: OutputIndex, _ insn: Instruction) {
        // Written in any case, counted when it is a branch: whether it is one is as good as random.
        branches[TableIndex(branchCount)] = place
        branchCount &+= kinds.count(insn)
    }

    /// Removes slots; nothing can overflow, as jumps only get shorter.
    ///
    /// - Source: Linux 6.12, `verifier_remove_insns`
    mutating func remove(from off: OutputIndex, count removed: Int) {
        let end = off + removed
        insns.move(count - end.position, from: end, to: off)
        aux.move(count - end.position, from: end, to: off)
        tables.removed(from: off, count: removed, length: count)
        count -= removed
        _ = adjustBranches(Change(off: off.position, oldEnd: end.position, growth: -removed))
    }

    /// Patches one instruction, or inserts before it, or replaces a range; says whether all offsets fit.
    ///
    /// - Source: Linux 6.12, `bpf_patch_insn_data`
    mutating func patch(_ edit: EditRecord, number: Int, at off: OutputIndex) -> Bool {
        // What the edit keeps, or what an insertion stands before, is put back where it belongs at the end.
        let original = insns[off]
        let second = edit.remove == 2 ? insns[off + 1] : original
        let word = aux[off]
        let secondWord = edit.remove == 2 ? aux[off + 1] : 0
        let field = kinds.field(of: original)
        let target = off.position &+ 1 &+ field.offset(in: original)
        if edit.remove > 1 { remove(from: off + 1, count: Int(edit.remove) - 1) }

        let length = Int(edit.patchCount) + (edit.isInsertion ? 1 : 0)
        if !grow(at: off, to: length, skip: edit.skip ? Int(edit.patchCount) : 0) { return false }
        var fits = write(edit, number: number, at: off)
        let last = off + (length - 1)
        aux[last] = word
        if edit.isInsertion {
            // A jump to itself goes past the new code as well when that is skipped, to where it now stands.
            let isPast = edit.skip && !field.isCall && target == off.position
            let landing = isPast ? last.position : moved(target, by: length - 1, behind: off)
            fits = put(original, field, landing: landing, at: last) && fits
        } else if edit.keep != EditRecord.noKeep {
            let place = off + Int(edit.keep)
            // A removed second slot has already moved what a kept call targets.
            let goal = edit.remove == 2 && target > off.position ? target - 1 : target
            fits = put(original, field, landing: moved(goal, by: length - 1, behind: off), at: place) && fits
            aux[last] = 0
            aux[place] = word
            if edit.remove == 2 {
                insns[place + 1] = second
                aux[place + 1] = secondWord
            }
        }
        return fits
    }

    /// Puts code at the end of the program, which the kernel never does.
    mutating func append(_ edit: EditRecord) -> Bool {
        let off = OutputIndex(count)
        count += Int(edit.patchCount)
        return write(edit, number: pass.editCount - 1, at: off)
    }

    /// Makes room for a patch in the place of one slot and adjusts everything around it.
    private mutating func grow(at off: OutputIndex, to length: Int, skip: Int) -> Bool {
        let growth = length - 1
        if growth > 0 {
            insns.move(count - off.position - 1, from: off + 1, to: off + length)
            aux.move(count - off.position - 1, from: off + 1, to: off + length)
            count += growth
            tables.patched(at: off, growth: growth)
        }
        return adjustBranches(
            Change(off: off.position, oldEnd: off.position + 1, growth: growth, skip: skip))
    }

    /// A place where the layout has changed: the slots up to `oldEnd` have become those up to `oldEnd + growth`.
    private struct Change {
        var off: Int
        var oldEnd: Int
        var growth: Int
        /// How many slots jumps to `off` go past; calls do not.
        var skip = 0
    }

    /// Adjusts the branches around a change and forgets those within.
    ///
    /// Offsets and places are still those of the old layout, slots stand where they do in the new one. Where a branch lies and
    /// goes is as good as random: what moves by the growth looks it up, since a compiler makes a jump of a choice.
    ///
    /// - Returns: whether all offsets fit
    /// - Source: Linux 6.12, `bpf_adj_branches`; `adjust_jmp_off` in the same step, so that nothing overflows on the way
    private mutating func adjustBranches(_ change: Change) -> Bool {
        let (insns, kinds, branches, steps) = (insns, kinds, branches, steps)
        let (off, lastOld) = (change.off, change.oldEnd &- 1)
        steps[Slot(0)] = 0
        steps[Slot(1)] = change.growth
        var isFitting = true
        var kept = TableIndex(0)
        for number in 0..<branchCount {
            let old = branches[TableIndex(number)].position
            let step = steps[behind(lastOld, old)]
            let at = OutputIndex(rawValue: UInt32(truncatingIfNeeded: old &+ step))
            branches[kept] = at
            // What the change removes is forgotten; what it patches is written anew.
            if old >= off && old <= lastOld { continue }
            kept = kept + 1
            let insn = insns[at]
            let field = kinds.field(of: insn)
            let offset = field.offset(in: insn)
            let target = old &+ 1 &+ offset
            var moved = offset &- step &+ steps[behind(lastOld, target)]
            if target >= off && target <= lastOld {
                moved &+= off &- target
                if target == off && !field.isCall { moved &+= change.skip }
            }
            insns[at] = field.setting(moved, in: insn)
            isFitting = isFitting && field.fits(moved)
        }
        branchCount = kept.position
        return isFitting
    }

    /// 1 where a slot lies behind another, else 0.
    @inline(__always)
    private func behind(_ slot: Int, _ other: Int) -> Slot {
        Slot(rawValue: UInt32(truncatingIfNeeded: UInt(bitPattern: slot &- other) &>> 63))
    }

    /// Where a target is after what lies behind a patched slot has moved.
    private func moved(_ target: Int, by growth: Int, behind off: OutputIndex) -> Int {
        target > off.position ? target + growth : target
    }

    /// Puts an instruction back whose landing is known; one that is no jump stays as it is.
    @inline(__always)
    private mutating func put(_ original: Instruction, _ field: OffsetField, landing: Int, at place: OutputIndex)
        -> Bool
    {
        let isJump = kinds.count(original) != 0
        let offset = isJump ? landing &- place.position &- 1 : field.offset(in: original)
        insns[place] = field.setting(offset, in: original)
        noteBranch(at: place, original)
        return field.fits(offset)
    }

    /// Writes a patch with words of 0, its jumps computed for the layout that this one edit gives.
    @inline(__always)
    private mutating func write(_ edit: EditRecord, number: Int, at off: OutputIndex) -> Bool {
        var classes = JumpClasses()
        insns.suffix(from: off, as: PatchIndex.self).copyPatch(
            from: pass.patch(of: edit), count: edit.patchCount,
            clearing: aux.suffix(from: off, as: PatchIndex.self), &classes)
        return classes.mayJump || edit.refCount > 0 ? writeBranches(of: edit, number: number, at: off) : true
    }

    /// Notes the branches of a patch and points those with refs to where these are reached.
    private mutating func writeBranches(of edit: EditRecord, number: Int, at off: OutputIndex) -> Bool {
        var fits = true
        for position in 0..<Int(edit.patchCount) {
            let slot = PatchIndex(position)
            if edit.keeps(slot) { continue }
            let place = off + position
            let insn = insns[place]
            noteBranch(at: place, insn)
            guard let ref = pass.target(of: slot, in: edit) else { continue }
            let field = kinds.field(of: insn)
            let offset = self.position(of: ref, behind: number, call: field.isCall) &- place.position &- 1
            insns[place] = field.setting(offset, in: insn)
            fits = fits && field.fits(offset)
        }
        return fits
    }

    /// Where an instruction of the input is reached after the edits up to the given one, as a caller keeps count of it.
    ///
    /// - Complexity: O(edits)
    private func position(of target: InputIndex, behind number: Int, call: Bool) -> Int {
        var place = target.position
        var delta = 0
        for row in 0...number {
            let edit = pass.edits[TableIndex(row)]
            if edit.off.position > place { break }
            if edit.isDeletion {
                if place < edit.end.position { place = edit.end.position }
            } else if edit.off.position == place {
                return place + delta + (edit.skip && !call ? Int(edit.patchCount) : 0)
            }
            delta += edit.growth
        }
        return place + delta
    }
}
