import BPF

/// The jumps of patches that leave them, looked at where something else stands behind the patch than before, or nothing.
///
/// Everywhere else they are right as they are written.
struct LeavingJumps {
    private let pass: PassImage
    private let input: ProgramImage<InputIndex>

    init(pass: PassImage, input: ProgramImage<InputIndex>) {
        self.pass = pass
        self.input = input
    }

    /// Lets the jumps that leave the patch before an insertion go past the inserted code too, as jumps are to skip it.
    ///
    /// - Parameters:
    ///   - insertion: the number of the insertion
    ///   - start: where the inserted code stands in the result
    /// - Returns: whether all offsets fit
    /// - Complexity: O(deletions right before it + slots × refs of the patch before these)
    @inline(never)
    func skip(_ insertion: TableIndex, at start: OutputIndex, in insns: Row<OutputIndex, Instruction>) -> Bool {
        let inserted = pass.edits[insertion]
        guard let edit = patch(before: inserted.off, behind: 0, number: insertion.position) else { return true }
        let patch = insns.suffix(from: start + -Int(edit.patchCount), as: PatchIndex.self)
        var fits = true
        for number in 0..<Int(edit.patchCount) {
            let slot = PatchIndex(number)
            if !leaves(slot, of: edit) { continue }
            let kind = patch[slot].jumpKind
            let offset = patch[slot].jumpOffset(kind) + Int(inserted.patchCount)
            if !patch[slot].setJumpOffset(offset, kind) { fits = false }
        }
        return fits
    }

    /// Whether a jump leaves a patch behind which nothing stands in its subprogram.
    ///
    /// - Parameters:
    ///   - start: where the subprogram starts
    ///   - end: where it ends
    ///   - number: how many edits start before its end
    /// - Complexity: O(1), but where it ends with an edit: O(deletions at its end + slots × refs of the patch before these)
    @inline(__always)
    func dangle(from start: Int, to end: Int, number: Int) -> Bool {
        if number == 0 || pass.edits[TableIndex(number &- 1)].end.position < end { return false }
        return dangle(at: end, behind: start, number: number)
    }

    @inline(never)
    private func dangle(at end: Int, behind start: Int, number: Int) -> Bool {
        guard let edit = patch(before: InputIndex(end), behind: start, number: number) else { return false }
        return hasLeaving(edit)
    }

    /// Whether a jump leaves what is appended to the program.
    func dangleBehindAppend() -> Bool {
        if pass.editCount == 0 { return false }
        let last = pass.edits[TableIndex(pass.editCount - 1)]
        return last.off.position == input.insnCount && hasLeaving(last)
    }

    /// The edit whose patch stands right before a slot, with only deleted slots in between.
    ///
    /// - Parameters:
    ///   - start: where to stop looking
    ///   - number: how many edits start before the slot
    private func patch(before slot: InputIndex, behind start: Int, number: Int) -> EditRecord? {
        var behind = slot
        var number = number
        while number > 0 && behind.position > start {
            number -= 1
            let edit = pass.edits[TableIndex(number)]
            // A deletion may reach over the slot.
            if edit.end < behind { return nil }
            if !edit.isDeletion { return edit.isInsertion ? nil : edit }
            behind = edit.off
        }
        return nil
    }

    private func hasLeaving(_ edit: EditRecord) -> Bool {
        for slot in 0..<Int(edit.patchCount) where leaves(PatchIndex(slot), of: edit) { return true }
        return false
    }

    /// Whether a slot of a patch is a jump that leaves it.
    private func leaves(_ slot: PatchIndex, of edit: EditRecord) -> Bool {
        if edit.keeps(slot) { return false }
        let insn = pass.patch(of: edit)[slot]
        let kind = insn.jumpKind
        return kind.isJump && slot.position &+ 1 &+ insn.jumpOffset(kind) == Int(edit.patchCount)
            && pass.target(of: slot, in: edit) == nil
    }
}
