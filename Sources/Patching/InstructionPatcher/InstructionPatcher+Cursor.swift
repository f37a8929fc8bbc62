import BPF

extension InstructionPatcher: Sequence, IteratorProtocol {
    /// The state of the iteration.
    struct Cursor: BitwiseCopyable {
        /// The last returned instruction, or the end.
        var here = InputIndex(0)
        /// True if an instruction at ``here`` was returned.
        var isAtInstruction = false
        /// The growth of all code before ``here``.
        var shift = 0
        /// The subprogram that contains ``here``.
        var subprogram = TableIndex(0)
        var subprogramEnd = 0
    }

    /// The next instruction of the program of the phase, or `nil` at the end.
    ///
    /// The iteration skips removed instructions and all inserted code, as the kernel's loops do with `i += delta`. To
    /// visit inserted code as well, begin another phase (``beginPhase()``).
    ///
    /// A second loop continues where the first one stopped; see ``rewind()``.
    ///
    /// - Complexity: O(1), amortised over the iteration
    public func next() -> PatchableInstruction? {
        let slots = self.slots
        let program = self.program
        var cursor = unsafe memory.value.cursor
        defer { unsafe memory.value.cursor = cursor }
        var at = cursor.here
        var shift = cursor.shift
        var isPassed = cursor.isAtInstruction
        while at.position < program.insnCount {
            let state = unsafe slots[at]
            let insn = unsafe program.insns[at]
            if isPassed || !state.survives {
                shift += Int(state.growth)
                at = at + insn.width
                isPassed = false
                continue
            }
            cursor.here = at
            cursor.shift = shift
            cursor.isAtInstruction = true
            while at.position >= cursor.subprogramEnd {
                cursor.subprogram = cursor.subprogram + 1
                cursor.subprogramEnd = program.end(of: cursor.subprogram)
            }
            return unsafe PatchableInstruction(
                originalIndex: at, currentIndex: OutputIndex(at.position + shift + Int(state.lead)), insn: insn,
                secondSlot: insn.isWide ? program.insns[at + 1] : nil, aux: program.aux[at],
                secondAux: insn.isWide ? program.aux[at + 1] : nil, subprogram: program.subprograms[cursor.subprogram])
        }
        cursor.here = at
        cursor.shift = shift
        cursor.isAtInstruction = false
        return nil
    }

    /// Goes back to the first instruction of the phase; all edits stay.
    ///
    /// - Complexity: O(1)
    public func rewind() {
        unsafe memory.value.cursor = Cursor()
        if program.subprogramCount > 0 { unsafe memory.value.cursor.subprogramEnd = program.end(of: TableIndex(0)) }
    }

    // MARK: Edits of the current instruction

    /// Replaces the current instruction; see ``replace(_:with:)-(InputIndex,_)``.
    ///
    /// - Precondition: ``next()`` has returned an instruction
    public func replace(with patch: Patch) throws(PatchingError) {
        try replace(here, with: patch)
    }

    /// Inserts a patch before the current instruction; see ``insert(_:before:skip:outermost:)``.
    ///
    /// - Precondition: ``next()`` has returned an instruction
    public func insert(_ patch: Patch, skip: Bool = false) throws(PatchingError) {
        try insert(patch, before: here, skip: skip)
    }

    /// Deletes the current instruction; see ``delete(_:)-(InputIndex)``.
    ///
    /// - Precondition: ``next()`` has returned an instruction
    public func delete() throws(PatchingError) {
        try delete(here)
    }

    private var here: InputIndex {
        unsafe precondition(memory.value.cursor.isAtInstruction, "there is no current instruction to edit")
        return unsafe memory.value.cursor.here
    }
}
