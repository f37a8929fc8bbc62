import BPF

/// The target of a jump or call of a patch.
///
/// - Source: SEMANTICS, "Edit" and the table of homes
enum PatchTarget {
    /// The offset stays: the target is in the patch, or the instruction directly after an insertion.
    case asWritten
    /// An input slot in the subprogram of the jump.
    case input(InputIndex)
    /// The jump has no valid target.
    case nothing
}

extension PassImage {
    /// The target of a jump or call of a patch.
    ///
    /// - Complexity: O(refs of the edit + log subprograms)
    @inline(__always)
    func patchTarget(
        of insn: Instruction, _ field: OffsetField, at slot: PatchIndex, in edit: EditRecord,
        on input: ProgramImage<InputIndex>
    ) -> PatchTarget {
        let target: InputIndex
        if let ref = self.target(of: slot, in: edit) {
            // In a well-formed pass, the ref of a call is a subprogram start.
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
