import BPF

/// Which slots of a program are jumped to or called.
struct JumpTargets: ~Copyable {
    private var storage = Scratch<Bool>()

    /// Works it out for a program.
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

    /// Whether a slot is jumped to or called.
    @inline(__always)
    func contains<Index: SlotIndex>(_ index: Index) -> Bool {
        unsafe storage.buffer(as: Slot.self)[Slot(index.position)]
    }

    /// Adds a slot.
    @inline(__always)
    func insert<Index: SlotIndex>(_ index: Index) { unsafe storage.buffer(as: Slot.self)[Slot(index.position)] = true }
}
