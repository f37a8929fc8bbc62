import BPF

/// The jumps and calls of patches.
extension SinglePassRelocator {
    /// Lists the jumps and calls of a patch to slots of the input.
    @inline(never)
    mutating func listJumps(of edit: EditRecord, _ first: OutputIndex) {
        let patch = pass.patch(of: edit)
        var slot = PatchIndex(0)
        while slot.rawValue < edit.patchCount {
            let insn = unsafe patch[slot]
            if kinds.count(insn) != 0 && !edit.keeps(slot) { listJump(insn, at: slot, of: edit, first) }
            slot = slot + 1
        }
    }

    /// Lists a jump or call of a patch, if its target is a slot of the input.
    private mutating func listJump(_ insn: Instruction, at slot: PatchIndex, of edit: EditRecord, _ first: OutputIndex)
    {
        let field = kinds.field(of: insn)
        switch pass.patchTarget(of: insn, field, at: slot, in: edit, on: input) {
        case .asWritten: break
        case .nothing: isWhole = false
        case .input(let target):
            let from = target.rawValue &- 1 &- UInt32(truncatingIfNeeded: field.offset(in: insn))
            unsafe jumps[TableIndex(jumpCount)] = ListedJump(
                at: first + slot.position, from: InputIndex(rawValue: from))
            jumpCount &+= 1
        }
    }
}
