import BPF

/// The jumps and calls of patches.
extension SinglePassRelocator {
    /// Lists the jumps and calls of a patch that reach for slots of the input.
    @inline(never)
    mutating func listJumps(of edit: EditRecord, _ first: OutputIndex) {
        let patch = pass.patch(of: edit)
        var slot = PatchIndex(0)
        while slot.rawValue < edit.patchCount {
            let insn = patch[slot]
            if kinds.count(insn) != 0 && !edit.keeps(slot) { listJump(insn, at: slot, of: edit, first) }
            slot = slot + 1
        }
    }

    /// Lists a jump or call of a patch, if it reaches for a slot of the input.
    private mutating func listJump(_ insn: Instruction, at slot: PatchIndex, of edit: EditRecord, _ first: OutputIndex)
    {
        let kind = insn.jumpKind
        let offset = insn.jumpOffset(kind)
        var target = edit.end
        if let ref = pass.target(of: slot, in: edit) {
            target = ref
        } else if slot.position &+ 1 &+ offset < Int(edit.patchCount)
            || (edit.isInsertion && edit.off.position < input.insnCount)
        {
            // Within the patch, or out of an insertion to the instruction right after it: as written.
            return
        }
        if !input.admits(target, fromPatchAt: edit.off, isCall: kind.isCall) {
            isWhole = false
            return
        }
        let from = InputIndex(rawValue: target.rawValue &- 1 &- UInt32(truncatingIfNeeded: offset))
        jumps[TableIndex(jumpCount)] = ListedJump(at: first + slot.position, from: from)
        jumpCount &+= 1
    }
}

extension ProgramImage<InputIndex> {
    /// True if a jump or call of a patch may land on a slot: an instruction of the program and, for a jump, one of the
    /// subprogram that the patch belongs to.
    ///
    /// - Parameter off: where the edit with the patch starts; the length of the program for an append
    /// - Complexity: O(log subprograms)
    /// - Source: SEMANTICS, "Where a jump to input index `t` lands", rule 1
    @inline(__always)
    func admits(_ target: InputIndex, fromPatchAt off: InputIndex, isCall: Bool) -> Bool {
        if target.position >= insnCount || isSecondSlot(target) { return false }
        if isCall { return true }
        let home = subprogram(holding: min(off, InputIndex(insnCount - 1)))
        return target.rawValue >= subprograms[home].start && target.position < end(of: home)
    }
}
