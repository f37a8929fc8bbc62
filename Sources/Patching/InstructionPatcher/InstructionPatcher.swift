import BPF

/// Rewrites a program: iterates over its instructions, takes edits of any instruction in any order, and makes the
/// result.
///
/// Edits use original indices, which never change. The patcher maps them to current ones, so the caller keeps no
/// `delta`.
///
/// ```swift
/// let patcher = try InstructionPatcher(program)
/// for insn in patcher where insn.insn.code == Opcode.exit {
///     try patcher.insert(epilogue)
/// }
/// let result = try patcher.finish()
/// ```
///
/// Edits of different instructions are applied at once, those of one instruction in the order of the calls. See
/// <doc:RewritingPrograms> for the rules and more examples.
///
/// A patcher keeps its memory from program to program (``load(_:)-(Program)``). It must not be used from two threads.
///
/// - Complexity: O(1) amortised for an edit, plus its length; O(slots + edits) for each pass. The number of passes is
///   the highest number of edits of one instruction.
/// - Source: Nakryiko, 2019 (`struct bpf_patcher`) and July 2024 (`insn_patcher`); Cree and Starovoitov, 2019
public final class InstructionPatcher {
    /// The patcher that carries out passes.
    typealias Design = Engine

    /// Facts about a pending edit beside its record.
    struct EditNote: BitwiseCopyable {
        /// The pass of the edit, counted from 1 within the phase.
        var pass: UInt32
        /// The distance in slots from the edit to the instruction that it names.
        var lead: UInt32
    }

    /// The state of a rewrite.
    struct Memory: ~Copyable {
        /// The program of the phase.
        var original = ProgramBuffer()
        /// The result of the last pass.
        var result = ProgramBuffer()
        /// The buffer for the result of the next pass.
        var spare = ProgramBuffer()
        /// The program of the phase, in ``original``.
        var program: ProgramImage<InputIndex>
        /// The state of each slot of it, and of its end.
        var slots = Scratch<SlotState>()
        /// The distances that slots have moved, for queries out of order.
        var shifts = ShiftTree()
        var cursor = Cursor()
        /// The growth of the program in this phase.
        var growth = 0
        /// The number of edits in this phase.
        var editCount = 0

        /// The notes of the pending edits.
        var notes = Scratch<EditNote>()
        /// True if all pending edits belong to the next pass and are in order.
        var isOrdered = true
        /// The start of the last pending edit, or -1.
        var lastOff = -1
        var schedule = PassSchedule()

        /// The number of passes carried out in all phases.
        var passCount = 0
        /// The number of passes carried out in this phase.
        var phasePassCount = 0
        /// The last pass.
        var lastPass: CarriedPass?
        /// The places of the slots after the first ``followedPassCount`` passes of this phase.
        var places = SlotPlaces()
        var followedPassCount = 0
        /// The error of an earlier ``commit()``.
        var failure: PatchingError?

        init() { program = original.image() }
    }

    let memory = UncheckedBox(Memory())
    let design = Design()
    /// The edits since the last ``commit()``, in the order of the calls and in original indices.
    let pending = PassBuffer()

    /// The program of the phase.
    @inline(__always)
    var program: ProgramImage<InputIndex> { unsafe memory.value.program }

    /// The state of each slot of it, and of its end.
    @inline(__always)
    var slots: UnsafeTypedBuffer<InputIndex, SlotState> { unsafe memory.value.slots.buffer() }

    /// Starts to rewrite a program.
    ///
    /// - Throws: the fault of an ill-formed program
    /// - Complexity: O(slots + calls × log subprograms)
    public init(_ program: Program) throws(ProgramFault) { try load(program) }

    /// Starts to rewrite a program in preallocated memory, which is copied.
    ///
    /// - Throws: the fault of an ill-formed program
    /// - Complexity: O(slots + calls × log subprograms)
    public init<Index>(_ program: ProgramImage<Index>) throws(ProgramFault) { try load(program) }

    /// Starts to rewrite another program in the same memory, and discards all edits.
    ///
    /// - Throws: the fault of an ill-formed program; the patcher is then empty
    /// - Complexity: O(slots + calls × log subprograms)
    public func load(_ program: Program) throws(ProgramFault) {
        var fault: ProgramFault?
        do { unsafe try memory.value.original.load(wellFormed: program) } catch { fault = error }
        try start(fault)
    }

    /// Starts to rewrite another program in the same memory, and discards all edits.
    ///
    /// - Throws: the fault of an ill-formed program; the patcher is then empty
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

    /// Begins a phase with the program in ``Memory/original``.
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

    /// The number of passes carried out in all phases.
    ///
    /// - Complexity: O(1)
    public var passCount: Int { unsafe memory.value.passCount }

    /// Carries out all edits so far; later edits act on the result.
    ///
    /// Original indices do not change, and the iteration continues where it was.
    ///
    /// - Throws: ``PatchingError/refused(pass:)`` or ``PatchingError/outOfRange(pass:)``; later calls that carry out
    ///   edits throw the same error until another program is loaded
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

    /// Carries out all edits so far and returns the result.
    ///
    /// ``currentIndex(of:)`` and ``landing(of:)`` then return indices into the result.
    ///
    /// - Throws: ``PatchingError/refused(pass:)`` or ``PatchingError/outOfRange(pass:)``
    /// - Complexity: O(slots × passes + edits)
    public func finish() throws(PatchingError) -> Program {
        try commit()
        return Program(current)
    }

    /// Carries out all edits so far and copies the result to a buffer.
    ///
    /// Allocates nothing after all buffers have grown.
    ///
    /// - Throws: ``PatchingError/refused(pass:)`` or ``PatchingError/outOfRange(pass:)``; the buffer is then unchanged
    /// - Complexity: O(slots × passes + edits)
    public func finish(into buffer: ProgramBuffer) throws(PatchingError) {
        try commit()
        buffer.load(current)
    }

    /// Carries out all edits so far and restarts the iteration at the first instruction of the result.
    ///
    /// From then on, original indices are those of the result, so inserted code is visited and can be edited, too.
    /// Before the call, ``currentIndex(of:)`` returns the index that an instruction has after it.
    ///
    /// - Throws: ``PatchingError/refused(pass:)`` or ``PatchingError/outOfRange(pass:)``
    /// - Complexity: O(slots × passes + edits)
    public func beginPhase() throws(PatchingError) {
        try commit()
        if unsafe memory.value.phasePassCount > 0 { unsafe swap(&memory.value.original, &memory.value.result) }
        startPhase()
    }

    /// Removes the edits that have been carried out.
    private func clearPending() {
        pending.removeAll()
        unsafe memory.value.isOrdered = true
        unsafe memory.value.lastOff = -1
    }
}
