import BPF

/// The set of slots that are targets of jumps or calls.
struct JumpTargets: ~Copyable {
    private var storage = Scratch<Bool>()

    /// Finds the targets of a program.
    ///
    /// - Complexity: O(slots)
    mutating func load<Index>(_ program: ProgramImage<Index>) {
        storage.reserve(program.insnCount)
        let marks = storage.buffer(as: Slot.self)
        unsafe marks.fill(program.insnCount, from: Slot(0), with: false)
        for slot in 0..<program.insnCount {
            let insn = unsafe program.insns[Index(slot)]
            let kind = insn.jumpKind
            if kind != .none { unsafe marks[Slot(slot + 1 + insn.jumpOffset(kind))] = true }
        }
    }

    /// Returns true if a slot is a target.
    @inline(__always)
    func contains<Index: SlotIndex>(_ index: Index) -> Bool {
        unsafe storage.buffer(as: Slot.self)[Slot(index.position)]
    }

    /// Adds a slot.
    @inline(__always)
    func insert<Index: SlotIndex>(_ index: Index) { unsafe storage.buffer(as: Slot.self)[Slot(index.position)] = true }
}
