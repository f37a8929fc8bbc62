import BPF
import Patching

/// The set of slots that control flow can reach from the start of a program.
package struct Reachability: ~Copyable {
    private var markStorage = Scratch<Bool>()
    private var floodStorage = Scratch<Bool>()
    private var pendingStorage = Scratch<InputIndex>()
    private var pending = 0

    package init() {}

    /// The branch that a conditional jump takes.
    enum Branch {
        case either
        /// It always jumps.
        case jump
        /// It never jumps.
        case next
    }

    private var marks: UnsafeTypedBuffer<InputIndex, Bool> { markStorage.buffer() }
    /// The subprograms with a reachable indirect jump.
    private var floods: UnsafeTypedBuffer<TableIndex, Bool> { floodStorage.buffer() }

    /// Finds the reachable slots of a program.
    ///
    /// A call, or the load of a subprogram's address, reaches the subprogram and the next instruction. An indirect jump
    /// reaches every instruction of its subprogram. The last instruction of a subprogram has no next instruction.
    ///
    /// - Complexity: O(slots × log subprograms)
    package mutating func load(_ input: ProgramImage<InputIndex>) { load(input) { _, _ in .either } }

    /// Finds the slots that are reachable if some conditional jumps are decided.
    ///
    /// - Parameter branch: returns the branch that an instruction takes; called once for each reachable one
    /// - Complexity: O(slots × log subprograms)
    @inline(__always)
    mutating func load(
        _ input: ProgramImage<InputIndex>, deciding branch: (InputIndex, Instruction) -> Branch
    ) {
        markStorage.reserve(input.insnCount)
        floodStorage.reserve(input.subprogramCount)
        // Each slot adds at most one target, and is added once if its subprogram has an indirect jump.
        pendingStorage.reserve(2 * input.insnCount + 1)
        unsafe marks.fill(input.insnCount, from: InputIndex(0), with: false)
        unsafe floods.fill(input.subprogramCount, from: TableIndex(0), with: false)
        reach(InputIndex(0), input, deciding: branch)
    }

    /// Returns true if a slot is reachable.
    @inline(__always)
    package func isReached(_ slot: InputIndex) -> Bool { unsafe marks[slot] }

    /// Adds a slot and all slots that it reaches.
    ///
    /// - Complexity: O(added slots × log subprograms)
    mutating func reach(_ slot: InputIndex, _ input: ProgramImage<InputIndex>) {
        reach(slot, input) { _, _ in .either }
    }

    @inline(__always)
    private mutating func reach(
        _ slot: InputIndex, _ input: ProgramImage<InputIndex>, deciding branch: (InputIndex, Instruction) -> Branch
    ) {
        note(slot)
        let pendingRow = pendingStorage.buffer(as: TableIndex.self)
        while pending > 0 {
            pending -= 1
            unsafe follow(pendingRow[TableIndex(pending)], input, branch)
        }
    }

    @inline(__always)
    private mutating func note(_ slot: InputIndex) {
        if unsafe marks[slot] { return }
        unsafe pendingStorage.buffer(as: TableIndex.self)[TableIndex(pending)] = slot
        pending += 1
    }

    /// Marks instructions from one on, and adds their jump targets.
    @inline(__always)
    private mutating func follow(
        _ start: InputIndex, _ input: ProgramImage<InputIndex>, _ branch: (InputIndex, Instruction) -> Branch
    ) {
        let marks = self.marks
        var slot = start
        let end = input.end(of: input.subprogram(holding: start))
        while unsafe slot.position < end && !marks[slot] {
            let insn = unsafe input.insns[slot]
            unsafe marks[slot] = true
            if insn.isWide { unsafe marks[slot + 1] = true }
            let kind = insn.jumpKind
            let taken = branch(slot, insn)
            if kind != .none && taken != .next { note(InputIndex(slot.position + 1 + insn.jumpOffset(kind))) }
            if insn.code == Opcode.gotox { flood(slot, input) }
            if insn.endsFlow || taken == .jump { return }
            slot = slot + insn.width
        }
    }

    private mutating func flood(_ slot: InputIndex, _ input: ProgramImage<InputIndex>) {
        let home = input.subprogram(holding: slot)
        if unsafe floods[home] { return }
        unsafe floods[home] = true
        for other in unsafe Int(input.subprograms[home].start)..<input.end(of: home)
        where !input.isSecondSlot(InputIndex(other)) { note(InputIndex(other)) }
    }
}
