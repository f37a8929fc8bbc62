import BPF
import Patching

/// The set of slots that control flow can reach from the start of a program.
package struct Reachability: ~Copyable {
    private var markStorage = Scratch<Bool>()
    private var floodStorage = Scratch<Bool>()
    private var pendingStorage = Scratch<InputIndex>()
    private var pending = 0

    package init() {}

    private var marks: UnsafeTypedBuffer<InputIndex, Bool> { markStorage.buffer() }
    /// The subprograms with a reachable indirect jump.
    private var floods: UnsafeTypedBuffer<TableIndex, Bool> { floodStorage.buffer() }

    /// Finds the reachable slots of a program.
    ///
    /// A call, or the load of a subprogram's address, reaches the subprogram and the next instruction. An indirect jump
    /// reaches every instruction of its subprogram. The last instruction of a subprogram has no next instruction.
    ///
    /// - Complexity: O(slots × log subprograms)
    package mutating func load(_ input: ProgramImage<InputIndex>) {
        markStorage.reserve(input.insnCount)
        floodStorage.reserve(input.subprogramCount)
        // Each slot adds at most one target, and is added once if its subprogram has an indirect jump.
        pendingStorage.reserve(2 * input.insnCount + 1)
        unsafe marks.fill(input.insnCount, from: InputIndex(0), with: false)
        unsafe floods.fill(input.subprogramCount, from: TableIndex(0), with: false)
        reach(InputIndex(0), input)
    }

    /// Returns true if a slot is reachable.
    @inline(__always)
    package func isReached(_ slot: InputIndex) -> Bool { unsafe marks[slot] }

    /// Adds a slot and all slots that it reaches.
    ///
    /// - Complexity: O(added slots × log subprograms)
    mutating func reach(_ slot: InputIndex, _ input: ProgramImage<InputIndex>) {
        note(slot)
        let pendingRow = pendingStorage.buffer(as: TableIndex.self)
        while pending > 0 {
            pending -= 1
            unsafe follow(pendingRow[TableIndex(pending)], input)
        }
    }

    @inline(__always)
    private mutating func note(_ slot: InputIndex) {
        if unsafe marks[slot] { return }
        unsafe pendingStorage.buffer(as: TableIndex.self)[TableIndex(pending)] = slot
        pending += 1
    }

    /// Marks instructions from one on, and adds their jump targets.
    private mutating func follow(_ start: InputIndex, _ input: ProgramImage<InputIndex>) {
        let marks = self.marks
        var slot = start
        let end = input.end(of: input.subprogram(holding: start))
        while unsafe slot.position < end && !marks[slot] {
            let insn = unsafe input.insns[slot]
            unsafe marks[slot] = true
            if insn.isWide { unsafe marks[slot + 1] = true }
            let kind = insn.jumpKind
            if kind != .none { note(InputIndex(slot.position + 1 + insn.jumpOffset(kind))) }
            if insn.code == Opcode.gotox { flood(slot, input) }
            if insn.endsFlow { return }
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
