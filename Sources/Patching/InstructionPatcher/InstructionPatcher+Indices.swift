import BPF

extension InstructionPatcher {
    /// The end of the program of the phase: its number of slots.
    ///
    /// - Complexity: O(1)
    public var endIndex: InputIndex { InputIndex(program.insnCount) }

    /// The number of slots after all edits so far.
    ///
    /// - Units: slots
    /// - Complexity: O(1)
    public var currentCount: Int { unsafe program.insnCount + memory.value.growth }

    /// A slot of the program of the phase, before all edits.
    ///
    /// - Precondition: the index is before ``endIndex``
    /// - Complexity: O(1)
    public subscript(index: InputIndex) -> Instruction {
        precondition(index < endIndex, "slot \(index) of \(program.insnCount)")
        return unsafe program.insns[index]
    }

    /// Returns true if no edit has deleted or replaced the instruction at an original index.
    ///
    /// - Precondition: the index is before ``endIndex``
    /// - Complexity: O(1)
    public func survives(_ index: InputIndex) -> Bool {
        precondition(index < endIndex, "slot \(index) of \(program.insnCount)")
        return unsafe slots[index].survives
    }

    /// The index of an instruction after all edits so far, or `nil` if it is removed.
    ///
    /// For ``endIndex``, the current end of the program, after all appended code. After ``finish()`` these are indices
    /// of the finished program.
    ///
    /// - Precondition: the index is not after ``endIndex``
    /// - Complexity: O(1) for the current instruction; otherwise O(log slots), and O(slots) the first time in a phase
    public func currentIndex(of index: InputIndex) -> OutputIndex? {
        precondition(index <= endIndex, "slot \(index) of \(program.insnCount)")
        let slots = self.slots
        if unsafe !slots[index].survives { return nil }
        // Only the first slot of a wide load has a state; the second follows it.
        if index < endIndex && program.isSecondSlot(index) { return currentIndex(of: index + -1).map { $0 + 1 } }
        return unsafe OutputIndex(index.position + shift(of: index) + Int(slots[index].lead))
    }

    /// The growth of all code before an instruction.
    private func shift(of index: InputIndex) -> Int {
        if unsafe index == memory.value.cursor.here { return unsafe memory.value.cursor.shift }
        if index == endIndex { return unsafe memory.value.growth - Int(slots[index].growth) }
        if unsafe !memory.value.shifts.isBuilt {
            unsafe memory.value.shifts.build(from: slots, count: program.insnCount)
        }
        return unsafe memory.value.shifts.shift(of: index)
    }

    /// The slot that jumps to an original index reach after ``commit()`` or ``finish()``; `nil` if they have nothing to
    /// reach.
    ///
    /// This may differ from ``currentIndex(of:)``: it is the start of inserted code that jumps enter, the first slot of
    /// a patch, or the instruction after a deleted one. For ``endIndex``, it is the start of appended code. Use it to
    /// move pointers into the program from outside.
    ///
    /// - Precondition: the index is not after ``endIndex``
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
