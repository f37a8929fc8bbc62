import BPF
import Patching

/// Which slots control flow from the start of a program can reach.
package struct Reach: ~Copyable {
    private var markStorage = Scratch<Bool>()
    private var floodStorage = Scratch<Bool>()
    private var pendingStorage = Scratch<InputIndex>()
    private var pending = 0

    package init() {}

    private var marks: UnsafeTypedBuffer<InputIndex, Bool> { markStorage.buffer() }
    /// The subprograms in which an indirect jump is reached.
    private var floods: UnsafeTypedBuffer<TableIndex, Bool> { floodStorage.buffer() }

    /// Works out what the start of a program reaches.
    ///
    /// A call reaches the subprogram and what is behind the call; so does the address of a subprogram. An indirect jump
    /// reaches every instruction of its subprogram. Behind the last instruction of a subprogram nothing is reached.
    ///
    /// - Complexity: O(slots × log subprograms)
    package mutating func load(_ input: ProgramImage<InputIndex>) {
        markStorage.reserve(input.insnCount)
        floodStorage.reserve(input.subprogramCount)
        // Each slot notes one target at most, and is noted once more where an indirect jump is in its subprogram.
        pendingStorage.reserve(2 * input.insnCount + 1)
        unsafe marks.fill(input.insnCount, from: InputIndex(0), with: false)
        unsafe floods.fill(input.subprogramCount, from: TableIndex(0), with: false)
        reach(InputIndex(0), input)
    }

    /// Whether a slot is reached.
    @inline(__always)
    package func isReached(_ slot: InputIndex) -> Bool { unsafe marks[slot] }

    /// Adds what a slot reaches.
    ///
    /// - Complexity: O(slots that are reached anew × log subprograms)
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

    /// Marks instructions in a row from one on, and notes where they jump.
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
