import BPF

extension InstructionPatcher {
    /// Replaces an instruction by a patch, which may contain the instruction itself (``Patch/addKept()``).
    ///
    /// Jumps to the instruction enter the patch at its first slot, even if the instruction itself is kept further on. A
    /// kept instruction keeps its aux word; otherwise the last slot of the patch gets it. An empty patch deletes.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the program is then unchanged
    /// - Complexity: O(patch), amortised; O(log slots) more after a query out of order
    /// - Source: `bpf_patch_insn_data`
    public func replace(_ index: InputIndex, with patch: Patch) throws(PatchingError) {
        try edit(index, remove: width(at: index), with: patch)
    }

    /// Replaces a range of slots by a patch. No instruction of the range may be removed already.
    ///
    /// Code that earlier edits put between these instructions is removed, too. Jumps to the first instruction enter the
    /// patch; a jump to another one is refused. An empty patch deletes, and a patch for an empty range is inserted
    /// before it.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the program is then unchanged
    /// - Complexity: O(range + patch), amortised; O(log slots) more after a query out of order
    /// - Source: `bpf_patch_insns` (Nakryiko, July 2024)
    public func replace(_ range: Range<InputIndex>, with patch: Patch) throws(PatchingError) {
        try edit(range.lowerBound, remove: range.upperBound - range.lowerBound, with: patch)
    }

    /// Deletes an instruction.
    ///
    /// Jumps to it reach the next instruction of its subprogram; without one, they are refused.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the program is then unchanged
    /// - Complexity: O(1), amortised; O(log slots) after a query out of order
    /// - Source: `verifier_remove_insns`
    public func delete(_ index: InputIndex) throws(PatchingError) {
        try edit(index, remove: width(at: index), with: Patch())
    }

    /// Deletes a range of slots and all code that earlier edits put between them. No instruction of it may be removed
    /// already.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the program is then unchanged
    /// - Complexity: O(range), amortised; O(log slots) more after a query out of order
    /// - Source: `verifier_remove_insns`
    public func delete(_ range: Range<InputIndex>) throws(PatchingError) {
        try edit(range.lowerBound, remove: range.upperBound - range.lowerBound, with: Patch())
    }

    /// Inserts a patch before an instruction, or before the patch that replaced it; at the end, appends.
    ///
    /// Jumps to the instruction enter the patch, or skip it with `skip`; calls always enter it. Leaving the patch
    /// reaches the instruction.
    ///
    /// - Parameters:
    ///   - patch: the inserted code
    ///   - index: the instruction, or ``endIndex``
    ///   - skip: true if jumps to the instruction skip the patch, as they must skip a prologue
    ///   - outermost: true to insert before all code that earlier edits put before the instruction; false to insert
    ///     directly before the instruction
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the program is then unchanged
    /// - Complexity: O(patch), amortised; O(log slots) more after a query out of order
    /// - Source: `bpf_patch_insn_data` with the instruction at the end of the patch, `adjust_jmp_off`
    public func insert(
        _ patch: Patch, before index: InputIndex, skip: Bool = false, outermost: Bool = false
    ) throws(PatchingError) {
        try edit(index, remove: 0, with: patch, skip: skip, outermost: outermost)
    }

    /// Inserts a patch directly after an instruction, before earlier insertions there.
    ///
    /// The same as replacing the instruction by itself and the patch: control enters the patch from the instruction,
    /// and jumps to the next instruction skip it.
    ///
    /// - Throws: ``PatchingError/malformed(_:)`` or ``PatchingError/removed(_:)``; the program is then unchanged
    /// - Complexity: O(patch), amortised; O(log slots) more after a query out of order
    /// - Source: `bpf_patch_insn_data` with the instruction at the front of the patch
    public func insert(_ patch: Patch, after index: InputIndex) throws(PatchingError) {
        try edit(index, remove: width(at: index), with: patch, isAfter: true)
    }

    /// Appends a patch to the program, after all earlier appends.
    ///
    /// It belongs to the last subprogram. Its jumps cannot leave it, since nothing follows.
    ///
    /// - Throws: ``PatchingError/malformed(_:)``; the program is then unchanged
    /// - Complexity: O(patch), amortised; each append takes a pass of O(slots), so append much code as one patch
    public func append(_ patch: Patch) throws(PatchingError) {
        try edit(endIndex, remove: 0, with: patch)
    }

    // MARK: Common parts

    /// The width of the instruction at an index; 1 outside of the program.
    @inline(__always)
    private func width(at index: InputIndex) -> Int {
        unsafe index < endIndex ? program.insns[index].width : 1
    }

    /// Adds one edit to the pending ones.
    private func edit(
        _ off: InputIndex, remove: Int, with patch: Patch, skip: Bool = false, outermost: Bool = false,
        isAfter: Bool = false
    ) throws(PatchingError) {
        // Follow the last pass before this edit overwrites the memory of that pass.
        follow()
        pending.addEdit(off: off, remove: UInt32(remove), skip: skip)
        do {
            try write(patch, isAfter: isAfter, keptWidth: remove == width(at: off) ? remove : 1)
            let change = try change(by: pending.lastEdit)
            let lead = unsafe outermost ? slots[off].lead : 0
            accept(pending.lastEdit, change, lead: lead)
        } catch {
            pending.removeLast()
            throw error
        }
    }

    /// Writes the patch of the last pending edit.
    private func write(_ patch: Patch, isAfter: Bool, keptWidth: Int) throws(PatchingError) {
        func fault(_ rule: MalformedEdit.Rule, at slot: PatchIndex = PatchIndex(0)) -> PatchingError {
            unsafe .malformed(MalformedEdit(rule: rule, edit: memory.value.editCount, slot: slot.position))
        }
        if isAfter {
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
            // After a failed load, the program is empty.
            if pending.lastEdit.off != endIndex || pending.lastEdit.remove > 0 { throw fault(.outside) }
            return
        }
        if let fault = PassCheck.fault(in: single, on: program) {
            throw unsafe .malformed(MalformedEdit(rule: fault.rule, edit: memory.value.editCount, slot: fault.slot))
        }
    }

    /// The effect of an edit.
    private struct Change {
        /// The pass of the edit.
        var pass: Int
        /// The growth of the program in slots.
        var growth: Int
    }

    /// The effect of a well-formed edit.
    ///
    /// - Throws: ``PatchingError/removed(_:)`` if an instruction that it names is removed
    private func change(by edit: EditRecord) throws(PatchingError) -> Change {
        let slots = self.slots
        let done = unsafe memory.value.phasePassCount
        let first = unsafe slots[edit.off]
        if edit.isInsertion {
            if first.content == .nothing { throw .removed(edit.off) }
            return Change(pass: Swift.max(done, first.pass) + 1, growth: Int(edit.patchCount))
        }
        var pass = done
        var removed = Int(edit.remove)
        var slot = edit.off
        while slot < edit.end {
            let state = unsafe slots[slot]
            if !state.survives { throw .removed(slot) }
            pass = Swift.max(pass, state.pass)
            removed += Int(state.growth)
            slot = slot + 1
        }
        // Code that was inserted before the first instruction or after the last one stays.
        let last = unsafe slots[program.isSecondSlot(slot + -1) ? slot + -2 : slot + -1]
        removed += Int(last.lead) - Int(last.growth) - Int(first.lead)
        return Change(pass: pass + 1, growth: Int(edit.patchCount) - removed)
    }

    /// Notes the effect of the last pending edit.
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
            unsafe slots[edit.off].note(pass: change.pass, slots[edit.off].content)
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
