import BPF

/// A program that is being rewritten: hands out its instructions one by one, takes edits at any of them in any order, and
/// finishes into a program.
///
/// Edits speak of original indices, which stay what they were however much has been edited; the patcher knows the current
/// ones. Nobody adds up how far things have moved.
///
/// ```swift
/// let patcher = try InstructionPatcher(program)
/// for insn in patcher where insn.insn.code == Opcode.exit {
///     try patcher.insert(epilogue)
/// }
/// let result = try patcher.finish()
/// ```
///
/// Edits of different instructions happen at once, those of one instruction in the order in which they were made:
/// <doc:RewritingPrograms> says what that means and has more examples.
///
/// A patcher is made once and keeps its memory from program to program (``load(_:)-(Program)``); it is not used from two
/// threads.
///
/// - Complexity: O(1) amortised an edit, plus its length; O(slots + edits) for each pass that the edits need, which is as
///   many as the most edits of one instruction
/// - Source: Nakryiko, 2019 (`struct bpf_patcher`) and July 2024 (`insn_patcher`); Cree and Starovoitov, 2019
public final class InstructionPatcher {
    /// The design that carries passes out: the fastest.
    typealias Design = Engine

    /// What a pending edit is besides its record.
    struct EditNote: BitwiseCopyable {
        /// The pass that it goes into, counted from 1 within the phase.
        var pass: UInt32
        /// By how much it stands before the place that it names.
        var lead: UInt32
    }

    /// What changes while a program is rewritten.
    struct Memory: ~Copyable {
        /// The program of the phase.
        var original = ProgramBuffer()
        /// What the last pass gave.
        var result = ProgramBuffer()
        /// Where the next pass goes.
        var spare = ProgramBuffer()
        /// The program of the phase, in ``original``.
        var program: ProgramImage<InputIndex>
        /// What has become of each slot of it, and of its end.
        var slots = Scratch<SlotState>()
        /// How far slots have moved, once that is asked for out of order.
        var shifts = ShiftTree()
        var cursor = Cursor()
        /// By how many slots the program has grown in this phase.
        var growth = 0
        /// How many edits have been taken in this phase.
        var editCount = 0

        /// What is known of the pending edits.
        var notes = Scratch<EditNote>()
        /// Whether all of them go into the next pass and are sorted as they are.
        var isOrdered = true
        /// Where the last of them starts, or -1.
        var lastOff = -1
        var schedule = PassSchedule()

        /// How many passes have been carried out in all phases.
        var passCount = 0
        /// How many passes have been carried out in this phase.
        var phasePassCount = 0
        /// The last of them.
        var lastPass: CarriedPass?
        /// Where slots have gone in the first ``followedPassCount`` of them.
        var places = SlotPlaces()
        var followedPassCount = 0
        /// Why an earlier ``commit()`` failed.
        var failure: PatchingError?

        init() { program = original.image() }
    }

    let memory = UncheckedBox(Memory())
    let design = Design()
    /// The edits that wait for ``commit()``, in the order in which they were made; what they name is in original indices.
    let pending = PassBuffer()

    /// The program of the phase.
    @inline(__always)
    var program: ProgramImage<InputIndex> { unsafe memory.value.program }

    /// What has become of each slot of it, and of its end.
    @inline(__always)
    var slots: UnsafeTypedBuffer<InputIndex, SlotState> { unsafe memory.value.slots.buffer() }

    /// Starts to rewrite a program.
    ///
    /// - Throws: what makes the program ill formed
    /// - Complexity: O(slots + calls × log subprograms)
    public init(_ program: Program) throws(ProgramFault) { try load(program) }

    /// Starts to rewrite a program in preallocated memory, which is copied.
    ///
    /// - Throws: what makes the program ill formed
    /// - Complexity: O(slots + calls × log subprograms)
    public init<Index>(_ program: ProgramImage<Index>) throws(ProgramFault) { try load(program) }

    /// Starts to rewrite another program in the same memory; what was done to the one before is forgotten.
    ///
    /// - Throws: what makes the program ill formed; the patcher then holds no instructions
    /// - Complexity: O(slots + calls × log subprograms)
    public func load(_ program: Program) throws(ProgramFault) {
        var fault: ProgramFault?
        do { unsafe try memory.value.original.load(wellFormed: program) } catch { fault = error }
        try start(fault)
    }

    /// Starts to rewrite another program in the same memory; what was done to the one before is forgotten.
    ///
    /// - Throws: what makes the program ill formed; the patcher then holds no instructions
    /// - Complexity: O(slots + calls × log subprograms)
    public func load<Index>(_ program: ProgramImage<Index>) throws(ProgramFault) {
        let fault = program.fault()
        if fault == nil { unsafe memory.value.original.load(program) }
        try start(fault)
    }

    private func start(_ fault: ProgramFault?) throws(ProgramFault) {
        unsafe memory.value.passCount = 0
        unsafe memory.value.failure = nil
        if fault != nil {
            unsafe memory.value.original.load(Program(insns: [], subprograms: []))
            unsafe memory.value.failure = .refused(pass: 0)
        }
        startPhase()
        if let fault { throw fault }
    }

    /// Takes the program in ``Memory/original`` as that of a new phase.
    private func startPhase() {
        unsafe memory.value.program = memory.value.original.image()
        unsafe memory.value.slots.reserve(program.insnCount + 1)
        unsafe slots.fill(program.insnCount + 1, from: InputIndex(0), with: SlotState.untouched)
        unsafe memory.value.shifts.clear()
        rewind()
        unsafe memory.value.growth = 0
        unsafe memory.value.editCount = 0
        unsafe memory.value.phasePassCount = 0
        unsafe memory.value.places.reset(to: program)
        unsafe memory.value.followedPassCount = 0
        clearPending()
    }

    // MARK: Finishing

    /// How many passes have been carried out in all phases.
    ///
    /// - Complexity: O(1)
    public var passCount: Int { unsafe memory.value.passCount }

    /// Carries out the edits made so far; later ones come behind all of them.
    ///
    /// Original indices stay what they were, and the iteration goes on where it was.
    ///
    /// - Throws: ``PatchingError/refused(pass:)`` or ``PatchingError/outOfRange(pass:)``; so does everything afterwards
    ///   that needs the edits to be carried out, until another program is loaded
    /// - Complexity: O(slots × passes + edits)
    public func commit() throws(PatchingError) {
        if let failure = unsafe memory.value.failure { throw failure }
        if pending.editCount == 0 { return }
        do {
            try carryOutPending()
        } catch {
            unsafe memory.value.failure = error
            throw error
        }
        clearPending()
    }

    /// Carries out the edits made so far and gives the program that comes of it.
    ///
    /// ``currentIndex(of:)`` and ``landing(of:)`` then say where in it everything has gone.
    ///
    /// - Throws: ``PatchingError/refused(pass:)`` or ``PatchingError/outOfRange(pass:)``
    /// - Complexity: O(slots × passes + edits)
    public func finish() throws(PatchingError) -> Program {
        try commit()
        return Program(current)
    }

    /// Carries out the edits made so far and copies the program that comes of it to a buffer.
    ///
    /// Nothing is allocated once all buffers have grown.
    ///
    /// - Throws: ``PatchingError/refused(pass:)`` or ``PatchingError/outOfRange(pass:)``; the buffer is then unchanged
    /// - Complexity: O(slots × passes + edits)
    public func finish(into buffer: ProgramBuffer) throws(PatchingError) {
        try commit()
        buffer.load(current)
    }

    /// Carries out the edits made so far and goes back to the first instruction of what comes of it.
    ///
    /// From here on original indices are those of that program, so that inserted code is handed out and can be edited like
    /// everything else. ``currentIndex(of:)`` tells before the call what the index of an instruction will be after it.
    ///
    /// - Throws: ``PatchingError/refused(pass:)`` or ``PatchingError/outOfRange(pass:)``
    /// - Complexity: O(slots × passes + edits)
    public func beginPhase() throws(PatchingError) {
        try commit()
        if unsafe memory.value.phasePassCount > 0 { unsafe swap(&memory.value.original, &memory.value.result) }
        startPhase()
    }

    /// Forgets the edits that have been carried out.
    private func clearPending() {
        pending.removeAll()
        unsafe memory.value.isOrdered = true
        unsafe memory.value.lastOff = -1
    }
}
