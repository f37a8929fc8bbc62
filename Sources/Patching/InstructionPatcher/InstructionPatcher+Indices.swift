import BPF

extension InstructionPatcher {
    /// The end of the program of the phase, and so the number of its slots.
    ///
    /// - Complexity: O(1)
    public var endIndex: InputIndex { InputIndex(program.insnCount) }

    /// How many slots the program has after all edits made so far.
    ///
    /// - Units: slots
    /// - Complexity: O(1)
    public var currentCount: Int { unsafe program.insnCount + memory.value.growth }

    /// A slot of the program of the phase, whatever has become of it.
    ///
    /// - Precondition: the index is before ``endIndex``
    /// - Complexity: O(1)
    public subscript(index: InputIndex) -> Instruction {
        precondition(index < endIndex, "slot \(index) of \(program.insnCount)")
        return unsafe program.insns[index]
    }

    /// Whether the instruction at an original index still stands: nothing has deleted or replaced it.
    ///
    /// - Precondition: the index is before ``endIndex``
    /// - Complexity: O(1)
    public func stands(_ index: InputIndex) -> Bool {
        precondition(index < endIndex, "slot \(index) of \(program.insnCount)")
        return unsafe slots[index].stands
    }

    /// Where the instruction at an original index stands after all edits made so far, or `nil` if it no longer does.
    ///
    /// The end is where the program ends by now, behind all that was appended. After ``finish()`` these are the indices of
    /// the finished program.
    ///
    /// - Precondition: the index is not beyond ``endIndex``
    /// - Complexity: O(1) for the instruction that was handed out last; otherwise O(log slots), and O(slots) the first time
    ///   in a phase
    public func currentIndex(of index: InputIndex) -> OutputIndex? {
        precondition(index <= endIndex, "slot \(index) of \(program.insnCount)")
        let slots = self.slots
        if unsafe !slots[index].stands { return nil }
        // Both slots of a wide load stand or fall together; the first knows where.
        if index < endIndex && program.isSecondSlot(index) { return currentIndex(of: index + -1).map { $0 + 1 } }
        return unsafe OutputIndex(index.position + shift(of: index) + Int(slots[index].lead))
    }

    /// By how much everything before an instruction has grown.
    private func shift(of index: InputIndex) -> Int {
        if unsafe index == memory.value.cursor.here { return unsafe memory.value.cursor.shift }
        if index == endIndex { return unsafe memory.value.growth - Int(slots[index].growth) }
        if unsafe !memory.value.shifts.isBuilt {
            unsafe memory.value.shifts.build(from: slots, count: program.insnCount)
        }
        return unsafe memory.value.shifts.shift(of: index)
    }

    /// Where a jump of the program to an original index lands, or `nil` if nothing stands for it, after the edits that have
    /// been carried out by ``commit()`` or ``finish()``.
    ///
    /// Other than ``currentIndex(of:)`` this is where inserted code begins that jumps enter, the first slot of the patch that
    /// has replaced the instruction, or what follows a deleted one; for the end, where appended code begins. What points
    /// into a program from outside moves this way.
    ///
    /// - Precondition: the index is not beyond ``endIndex``
    /// - Complexity: O(1), and O(slots + edits) the first time after a pass
    /// - Source: SEMANTICS, "Where a jump to input index `t` lands"; `bpf_insn_array_adjust`, `adjust_poke_descs`
    public func landing(of index: InputIndex) -> OutputIndex? {
        precondition(index <= endIndex, "slot \(index) of \(program.insnCount)")
        if program.isSecondSlot(index) { return nil }
        follow()
        let landing = unsafe memory.value.places.landing(of: index)
        return landing == SlotPlaces.nowhere ? nil : OutputIndex(rawValue: landing)
    }
}
