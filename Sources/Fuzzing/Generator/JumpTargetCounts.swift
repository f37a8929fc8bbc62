import BPF
import Patching

/// What a pass under construction knows of every input slot: who jumps there, and what its edits have done so far.
///
/// Keeps passes acceptable: no edit may leave a standing jump or call without anything to land on.
struct JumpTargetCounts: ~Copyable {
    private var countStorage = Scratch<UInt32>()
    private var stateStorage = Scratch<State>()
    private var jumpStorage = Scratch<InputIndex>()
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
        unsafe counts.fill(input.insnCount + 1, from: InputIndex(0), with: 0)
        unsafe states.fill(input.insnCount + 1, from: InputIndex(0), with: .standing)
        jumpCount = 0
        var start = 0
        while start < input.insnCount {
            let stop = min(start + UnsafeTypedBuffer<InputIndex, Instruction>.alikeCount, input.insnCount)
            defer { start = stop }
            if unsafe stop - start == UnsafeTypedBuffer<InputIndex, Instruction>.alikeCount
                && input.insns.areAlike(from: InputIndex(start))
                && input.insns[InputIndex(start)].jumpKind == .none
            {
                continue
            }
            for slot in start..<stop {
                let insn = unsafe input.insns[InputIndex(slot)]
                let kind = insn.jumpKind
                if kind == .none { continue }
                unsafe counts[InputIndex(slot &+ 1 &+ insn.jumpOffset(kind))] += 1
                unsafe jumps[TableIndex(jumpCount)] = InputIndex(slot)
                jumpCount += 1
            }
        }
    }

    /// How many standing jumps and calls land on each slot.
    var counts: UnsafeTypedBuffer<InputIndex, UInt32> { countStorage.buffer() }
    /// What has become of each slot.
    var states: UnsafeTypedBuffer<InputIndex, State> { stateStorage.buffer() }
    /// The slots of the jumps and calls of the input.
    var jumps: UnsafeTypedBuffer<TableIndex, InputIndex> { jumpStorage.buffer() }

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
            let insn = unsafe input.insns[InputIndex(slot)]
            let kind = insn.jumpKind
            if kind != .none { unsafe counts[InputIndex(slot &+ 1 &+ insn.jumpOffset(kind))] &+= amount }
        }
    }
}
