import BPF

extension InstructionPatcher {
    /// Replaces an instruction by a patch, which may hold the instruction itself (``Patch/addKept()``).
    ///
    /// Jumps to the instruction enter the patch at its first slot, also where the instruction itself stands further on.
    /// The instruction's aux word goes with it, or to the last slot of a patch that does not keep it. An empty patch deletes.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the edit is then not made
    /// - Complexity: O(patch), amortised; O(log slots) more once indices have been asked for out of order
    /// - Source: `bpf_patch_insn_data`
    public func replace(_ index: InputIndex, with patch: Patch) throws(PatchingError) {
        try edit(index, remove: width(at: index), with: patch)
    }

    /// Replaces a range of slots, of which all instructions must still stand, by a patch.
    ///
    /// What earlier edits have put between the first and the last of them goes, too. Jumps to the first instruction enter the
    /// patch; nothing stands for the others, so that a jump to one of them is refused. An empty patch deletes, and a patch
    /// for an empty range is inserted before it.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the edit is then not made
    /// - Complexity: O(range + patch), amortised; O(log slots) more once indices have been asked for out of order
    /// - Source: `bpf_patch_insns` (Nakryiko, July 2024)
    public func replace(_ range: Range<InputIndex>, with patch: Patch) throws(PatchingError) {
        try edit(range.lowerBound, remove: range.upperBound - range.lowerBound, with: patch)
    }

    /// Deletes an instruction.
    ///
    /// Jumps to it land on what follows in its subprogram; if nothing does, they are refused.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the edit is then not made
    /// - Complexity: O(1), amortised; O(log slots) once indices have been asked for out of order
    /// - Source: `verifier_remove_insns`
    public func delete(_ index: InputIndex) throws(PatchingError) {
        try edit(index, remove: width(at: index), with: Patch())
    }

    /// Deletes a range of slots, of which all instructions must still stand, and what earlier edits have put between them.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the edit is then not made
    /// - Complexity: O(range), amortised; O(log slots) more once indices have been asked for out of order
    /// - Source: `verifier_remove_insns`
    public func delete(_ range: Range<InputIndex>) throws(PatchingError) {
        try edit(range.lowerBound, remove: range.upperBound - range.lowerBound, with: Patch())
    }

    /// Inserts a patch before an instruction, or before the patch that has replaced it; before the end, appends.
    ///
    /// Jumps to the instruction enter the patch, or go past it with `skip`; calls always enter it. Leaving the patch reaches
    /// the instruction.
    ///
    /// - Parameters:
    ///   - patch: what is inserted
    ///   - index: the instruction, or ``endIndex``
    ///   - skip: whether jumps to the instruction go past the patch, as they must go past a prologue
    ///   - outermost: whether the patch goes before all that earlier edits have put before the instruction, rather than
    ///     directly before it
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the edit is then not made
    /// - Complexity: O(patch), amortised; O(log slots) more once indices have been asked for out of order
    /// - Source: `bpf_patch_insn_data` with the instruction at the end of the patch, `adjust_jmp_off`
    public func insert(
        _ patch: Patch, before index: InputIndex, skip: Bool = false, outermost: Bool = false
    ) throws(PatchingError) {
        try edit(index, remove: 0, with: patch, skip: skip, outermost: outermost)
    }

    /// Inserts a patch behind an instruction, directly behind it if something stands there already.
    ///
    /// Only what runs on from the instruction enters the patch: jumps to what follows go past it. The same as replacing the
    /// instruction by itself and the patch.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the edit is then not made
    /// - Complexity: O(patch), amortised; O(log slots) more once indices have been asked for out of order
    /// - Source: `bpf_patch_insn_data` with the instruction at the front of the patch
    public func insert(_ patch: Patch, after index: InputIndex) throws(PatchingError) {
        try edit(index, remove: width(at: index), with: patch, isBehind: true)
    }

    /// Puts a patch behind the end of the program and all that was appended before.
    ///
    /// It belongs to the last subprogram and cannot be left, as nothing comes behind it.
    ///
    /// - Throws: ``PatchingError/malformed(_:)``; the edit is then not made
    /// - Complexity: O(patch), amortised; each append is a pass by itself, O(slots) when it is carried out, so that much code
    ///   is better appended as one patch
    public func append(_ patch: Patch) throws(PatchingError) {
        try edit(endIndex, remove: 0, with: patch)
    }

    // MARK: What they have in common

    /// How wide the instruction at an index is; 1 outside of the program.
    @inline(__always)
    private func width(at index: InputIndex) -> Int {
        unsafe index < endIndex ? program.insns[index].width : 1
    }

    /// Takes one edit.
    private func edit(
        _ off: InputIndex, remove: Int, with patch: Patch, skip: Bool = false, outermost: Bool = false,
        isBehind: Bool = false
    ) throws(PatchingError) {
        // The last pass is followed by its edits, whose memory this one takes.
        follow()
        pending.addEdit(off: off, remove: UInt32(remove), skip: skip)
        do {
            try write(patch, isBehind: isBehind, keptWidth: remove == width(at: off) ? remove : 1)
            let change = try change(by: pending.lastEdit)
            let lead = unsafe outermost ? slots[off].lead : 0
            accept(pending.lastEdit, change, lead: lead)
        } catch {
            pending.removeLast()
            throw error
        }
    }

    /// Writes the patch of the last pending edit.
    private func write(_ patch: Patch, isBehind: Bool, keptWidth: Int) throws(PatchingError) {
        func fault(_ rule: MalformedEdit.Rule, at slot: PatchIndex = PatchIndex(0)) -> PatchingError {
            unsafe .malformed(MalformedEdit(rule: rule, edit: memory.value.editCount, slot: slot.position))
        }
        if isBehind {
            if patch.isEmpty { throw fault(.nothing) }
            if patch.keep != nil { throw fault(.keepWidth) }
            for _ in 0..<keptWidth { pending.addPatch(.zero) }
            pending.updateLast { $0.keep = 0 }
        }
        do {
            try patch.write(to: pending, keptWidth: keptWidth)
        } catch {
            throw fault(.targetOutside, at: error.slot)
        }
        var single = pending.image
        single.edits = single.edits.suffix(from: TableIndex(pending.editCount - 1), as: TableIndex.self)
        single.editCount = 1
        if program.insnCount == 0 {
            // Where a program could not be loaded there is nothing but an end.
            if pending.lastEdit.off != endIndex || pending.lastEdit.remove > 0 { throw fault(.outside) }
            return
        }
        if let fault = PassCheck.fault(in: single, on: program) {
            throw unsafe .malformed(MalformedEdit(rule: fault.rule, edit: memory.value.editCount, slot: fault.slot))
        }
    }

    /// What an edit changes.
    private struct Change {
        /// The pass that it goes into.
        var pass: Int
        /// How many slots longer it makes the program.
        var growth: Int
    }

    /// What a well-formed edit changes, if what it names still stands.
    private func change(by edit: EditRecord) throws(PatchingError) -> Change {
        let slots = self.slots
        let done = unsafe memory.value.phasePassCount
        let first = unsafe slots[edit.off]
        if edit.isInsertion {
            if first.standing == .nothing { throw .removed(edit.off) }
            return Change(pass: Swift.max(done, first.pass) + 1, growth: Int(edit.patchCount))
        }
        var pass = done
        var removed = Int(edit.remove)
        var slot = edit.off
        while slot < edit.end {
            let state = unsafe slots[slot]
            if !state.stands { throw .removed(slot) }
            pass = Swift.max(pass, state.pass)
            removed += Int(state.growth)
            slot = slot + 1
        }
        // What stands before the first instruction stays, and what stands behind the last.
        let last = unsafe slots[program.isSecondSlot(slot + -1) ? slot + -2 : slot + -1]
        removed += Int(last.lead) - Int(last.growth) - Int(first.lead)
        return Change(pass: pass + 1, growth: Int(edit.patchCount) - removed)
    }

    /// Takes the last pending edit for good.
    private func accept(_ edit: EditRecord, _ change: Change, lead: UInt32) {
        let slots = self.slots
        let number = pending.editCount - 1
        unsafe memory.value.notes.reserve(number + 1, keeping: number)
        unsafe memory.value.notes.buffer()[TableIndex(number)] = EditNote(pass: UInt32(change.pass), lead: lead)
        if unsafe change.pass != memory.value.phasePassCount + 1 || edit.off.position <= memory.value.lastOff {
            unsafe memory.value.isOrdered = false
        }
        unsafe memory.value.lastOff = edit.off.position
        unsafe memory.value.editCount += 1

        unsafe slots[edit.off].growth += Int32(change.growth)
        if edit.isInsertion {
            unsafe slots[edit.off].lead += edit.patchCount
            unsafe slots[edit.off].note(pass: change.pass, slots[edit.off].standing)
        } else {
            let isKept = edit.keep != EditRecord.noKeep
            for slot in 0..<Int(edit.remove) {
                unsafe slots[edit.off + slot].note(pass: change.pass, isKept ? .itself : .nothing)
            }
            if isKept {
                unsafe slots[edit.off].lead += edit.keep
            } else if !edit.isDeletion {
                unsafe slots[edit.off].note(pass: change.pass, .patch)
            }
        }
        unsafe memory.value.growth += change.growth
        if unsafe edit.off < memory.value.cursor.here { unsafe memory.value.cursor.shift += change.growth }
        if unsafe memory.value.shifts.isBuilt { unsafe memory.value.shifts.add(Int32(change.growth), at: edit.off) }
    }
}
