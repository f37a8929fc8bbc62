import BPF

extension ProgramImage<InputIndex> {
    /// Whether a jump or call that a patch brings may land on a slot: an instruction of the program and, for a jump, one of the
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
