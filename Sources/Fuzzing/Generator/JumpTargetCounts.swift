import BPF
import Patching

/// For each input slot of a pass under construction: the number of jumps to it, and the effect of the edits so far.
///
/// It keeps passes acceptable: no edit may leave a surviving jump or call without a target.
struct JumpTargetCounts: ~Copyable {
    private var countStorage = Scratch<UInt32>()
    private var stateStorage = Scratch<State>()
    private var jumpStorage = Scratch<InputIndex>()
    /// The number of jumps and calls of the input.
    private(set) var jumpCount = 0

    /// The effect of the edits so far on a slot.
    enum State: UInt8, BitwiseCopyable {
        /// Jumps to it reach the slot itself or the code in its place.
        case surviving
        /// Jumps to it have no target.
        case nothing
        /// It is deleted; jumps to it reach the next slot.
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
        unsafe states.fill(input.insnCount + 1, from: InputIndex(0), with: .surviving)
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

    /// The number of surviving jumps and calls to each slot.
    var counts: UnsafeTypedBuffer<InputIndex, UInt32> { countStorage.buffer() }
    /// The state of each slot.
    var states: UnsafeTypedBuffer<InputIndex, State> { stateStorage.buffer() }
    /// The slots of the jumps and calls of the input.
    var jumps: UnsafeTypedBuffer<TableIndex, InputIndex> { jumpStorage.buffer() }

    /// Subtracts the jumps in a range that is to be removed.
    func removeJumps(from start: InputIndex, to end: InputIndex, of input: ProgramImage<InputIndex>) {
        change(from: start, to: end, of: input, by: UInt32.max)
    }

    /// Undoes ``removeJumps(from:to:of:)``.
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
