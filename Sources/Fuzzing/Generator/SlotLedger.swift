import BPF
import Patching

/// What a pass under construction knows of every input slot: who jumps there, and what its edits have done so far.
///
/// Keeps passes acceptable: no edit may leave a standing jump or call without anything to land on.
struct SlotLedger: ~Copyable {
    private var countStorage = RowStorage<UInt32>()
    private var stateStorage = RowStorage<State>()
    private var jumpStorage = RowStorage<InputIndex>()
    /// How many jumps and calls the input has.
    private(set) var jumpCount = 0

    /// What the edits so far have made of a slot.
    enum State: UInt8, BitwiseCopyable {
        /// It stands, or the first thing in its place does.
        case standing
        /// Nothing stands for it.
        case nothing
        /// It is deleted; what follows stands for it.
        case deleted
    }

    /// Reads the jumps of a program.
    ///
    /// - Complexity: O(slots)
    mutating func load(_ input: ProgramImage<InputIndex>) {
        countStorage.reserve(input.insnCount + 1)
        stateStorage.reserve(input.insnCount + 1)
        jumpStorage.reserve(input.insnCount)
        let counts = self.counts
        let jumps = self.jumps
        counts.fill(input.insnCount + 1, from: InputIndex(0), with: 0)
        states.fill(input.insnCount + 1, from: InputIndex(0), with: .standing)
        jumpCount = 0
        var start = 0
        while start < input.insnCount {
            let stop = min(start + Row<InputIndex, Instruction>.alikeCount, input.insnCount)
            defer { start = stop }
            if stop - start == Row<InputIndex, Instruction>.alikeCount && input.insns.areAlike(from: InputIndex(start))
                && input.insns[InputIndex(start)].jumpKind == .none
            {
                continue
            }
            for slot in start..<stop {
                let insn = input.insns[InputIndex(slot)]
                let kind = insn.jumpKind
                if kind == .none { continue }
                counts[InputIndex(slot &+ 1 &+ insn.jumpOffset(kind))] += 1
                jumps[TableIndex(jumpCount)] = InputIndex(slot)
                jumpCount += 1
            }
        }
    }

    /// How many standing jumps and calls land on each slot.
    var counts: Row<InputIndex, UInt32> { countStorage.row() }
    /// What has become of each slot.
    var states: Row<InputIndex, State> { stateStorage.row() }
    /// The slots of the jumps and calls of the input.
    var jumps: Row<TableIndex, InputIndex> { jumpStorage.row() }

    /// Forgets the jumps within a range that is about to be removed.
    func removeJumps(from start: InputIndex, to end: InputIndex, of input: ProgramImage<InputIndex>) {
        change(from: start, to: end, of: input, by: UInt32.max)
    }

    /// Takes ``removeJumps(from:to:of:)`` back.
    func restoreJumps(from start: InputIndex, to end: InputIndex, of input: ProgramImage<InputIndex>) {
        change(from: start, to: end, of: input, by: 1)
    }

    private func change(
        from start: InputIndex, to end: InputIndex, of input: ProgramImage<InputIndex>, by amount: UInt32
    ) {
        for slot in start.position..<max(end.position, start.position) {
            let insn = input.insns[InputIndex(slot)]
            let kind = insn.jumpKind
            if kind != .none { counts[InputIndex(slot &+ 1 &+ insn.jumpOffset(kind))] &+= amount }
        }
    }
}
