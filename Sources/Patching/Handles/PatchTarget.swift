import BPF

/// What a jump or call of a patch reaches.
///
/// - Source: SEMANTICS, "Edit" and the table of homes
enum PatchTarget {
    /// The offset stays as written: within the patch, or out of an insertion to the instruction right after it.
    case asWritten
    /// An input slot, in the subprogram that the jump may not leave.
    case input(InputIndex)
    /// Nothing that it may reach.
    case nothing
}

extension PassImage {
    /// What a jump or call of a patch reaches.
    ///
    /// - Complexity: O(refs of the edit + log subprograms)
    @inline(__always)
    func patchTarget(
        of insn: Instruction, _ field: OffsetField, at slot: PatchIndex, in edit: EditRecord,
        on input: ProgramImage<InputIndex>
    ) -> PatchTarget {
        let target: InputIndex
        if let ref = self.target(of: slot, in: edit) {
            // A well-formed pass has calls to starts of subprograms alone.
            if field.isCall { return .input(ref) }
            target = ref
        } else {
            let isInside = slot.position + 1 + field.offset(in: insn) < Int(edit.patchCount)
            if isInside || (edit.isInsertion && edit.off.position < input.insnCount) { return .asWritten }
            target = edit.end
        }
        let home = input.subprogram(holding: min(edit.off, InputIndex(input.insnCount - 1)))
        let isHome = unsafe target.rawValue >= input.subprograms[home].start && target.position < input.end(of: home)
        return isHome && !input.isSecondSlot(target) ? .input(target) : .nothing
    }
}
