import BPF

/// The errors of a layout: a jump without a target, and an offset that does not fit.
struct LayoutErrors {
    private var isDangling = false
    private var overflows = false

    /// The outcome of the pass.
    var status: PatchStatus { isDangling ? .einval : overflows ? .erange : .accepted }

    mutating func noteDangling() { isDangling = true }

    /// Points a jump or call at a slot of the result to its target, and notes an error.
    ///
    /// - Parameter landing: the target in the result; `nil` if the jump has none
    @inline(__always)
    mutating func pointing(
        _ insn: Instruction, _ field: OffsetField, at slot: OutputIndex, to landing: OutputIndex?
    ) -> Instruction {
        guard let landing else {
            isDangling = true
            return insn
        }
        let offset = landing.position - slot.position - 1
        overflows = overflows || !field.fits(offset)
        return field.setting(offset, in: insn)
    }
}
