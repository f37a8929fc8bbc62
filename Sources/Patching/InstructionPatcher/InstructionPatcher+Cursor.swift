import BPF

extension InstructionPatcher: Sequence, IteratorProtocol {
    /// Where the iteration is.
    struct Cursor: BitwiseCopyable {
        /// The instruction that was handed out last, or the end.
        var here = InputIndex(0)
        /// Whether an instruction has been handed out that stands at ``here``.
        var isAtInstruction = false
        /// By how much everything before ``here`` has grown.
        var shift = 0
        /// The subprogram that holds ``here``.
        var subprogram = TableIndex(0)
        var subprogramEnd = 0
    }

    /// Hands out the next instruction of the program of the phase, or `nil` at the end.
    ///
    /// Instructions that an edit has removed are passed over. So is all inserted code: the iteration goes on behind it, as
    /// the kernel's loops do with `i += delta`. To go over inserted code as well, begin another phase (``beginPhase()``).
    ///
    /// A loop that is left early, or a second one, goes on where the last one was; see ``rewind()``.
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
            if isPassed || !state.stands {
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

    // MARK: Edits at the instruction that was handed out last

    /// Replaces the instruction that was handed out last; see ``replace(_:with:)-(InputIndex,_)``.
    ///
    /// - Precondition: an instruction has been handed out, and the end has not been reached
    public func replace(with patch: Patch) throws(PatchingError) {
        try replace(here, with: patch)
    }

    /// Inserts a patch before the instruction that was handed out last; see ``insert(_:before:skip:outermost:)``.
    ///
    /// - Precondition: an instruction has been handed out, and the end has not been reached
    public func insert(_ patch: Patch, skip: Bool = false) throws(PatchingError) {
        try insert(patch, before: here, skip: skip)
    }

    /// Deletes the instruction that was handed out last; see ``delete(_:)-(InputIndex)``.
    ///
    /// - Precondition: an instruction has been handed out, and the end has not been reached
    public func delete() throws(PatchingError) {
        try delete(here)
    }

    private var here: InputIndex {
        unsafe precondition(memory.value.cursor.isAtInstruction, "no instruction has been handed out to edit")
        return unsafe memory.value.cursor.here
    }
}
