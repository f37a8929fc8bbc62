import BPF

/// The program is split into basic blocks, jumps name blocks, and an edit patches inside one block.
///
/// `split` finds where blocks start: at a subprogram, and at the target of each jump, call and ref. `patch` builds the
/// code of every block: the instructions of its slots, patched. A jump in that code holds the number of the block that it
/// reaches, so nothing has to be adjusted while blocks grow and shrink. `join` puts the blocks back in a row. Then each
/// block has its position in the result, and each jump gets the offset to the position of its block.
///
/// It costs a walk to find the targets, a copy of each slot to its block, and one more to the result. The copies take
/// 16 bytes for each slot of the result, the blocks 16 bytes each, and the set of their starts a bit and a half for
/// each slot.
///
/// Departures from the proposal, which left these questions open:
/// - A block continues after a jump. Edits are made inside a block, so no block has to end there.
/// - The proposal reallocates and copies a block for each patch. Edits arrive in order here, so blocks are written one
///   after the other in one pool, and a patch is appended to the last.
/// - A jump inside a patch keeps its offset: both ends are in one block. A jump out of a patch names a block, so one
///   starts there; `split` and `patch` each find its target.
/// - A block can lose all its code. Then jumps to it reach the next block of the same subprogram. A block that starts
///   past the first slot of a replaced range cannot be reached.
/// - A block has two entries, since jumps can skip code that is inserted at its start, and calls cannot.
/// - Subprogram starts and line records, which the proposal does not mention, are relocated at the end.
///
/// - Complexity: O(slots + edits) a pass; a jump or call of a patch adds O(refs of its edit + log subprograms)
/// - Source: Starovoitov, June 2022
public final class BasicBlock: Patcher {
    /// Memory of a pass, kept for the whole run.
    private struct Memory: ~Copyable {
        var leaders = SlotSet.Storage()
        var blocks = Scratch<BlockProgram.Block>()
        var insns = Scratch<Instruction>()
        var aux = Scratch<UInt32>()
        var goals = Scratch<UInt32>()
    }

    public let name = "basic-block"
    private let memory = UncheckedBox(Memory())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let room = input.insnCount + pass.patchSlots
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        var program = unsafe BlockProgram(
            pass: pass, input: input, leaders: memory.value.leaders.makeSet(slots: input.insnCount),
            // An append is a separate block after all others.
            blocks: memory.value.blocks.buffer(reserving: input.insnCount + 1),
            insns: memory.value.insns.buffer(reserving: room), aux: memory.value.aux.buffer(reserving: room),
            goals: memory.value.goals.buffer(reserving: room))
        program.split()
        program.patch()
        program.join(into: output.image())
        return output.conclude(pass, on: input, program.errors.status, insns: program.at.position)
    }
}

/// A program in blocks, numbered in order.
private struct BlockProgram {
    /// A block of code in the pool.
    struct Block: BitwiseCopyable {
        /// The first slot of its code, which is the target of calls.
        var start: OutputIndex
        /// The target of jumps.
        var entry: OutputIndex
        /// The slot after its code.
        var end: OutputIndex
        /// True if it is deleted and no code replaces it, so that jumps and calls to it have no target.
        var isGone = false
    }

    /// In ``goals``: no jump, or one with its final offset.
    private static let noGoal = UInt32.max

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let kinds = JumpKindTable.shared.view
    /// The input slots at which blocks start.
    let leaders: SlotSet
    let blocks: UnsafeTypedBuffer<TableIndex, Block>
    /// The pool: the code of all blocks, and for each jump in it the block that it reaches.
    let insns: UnsafeTypedBuffer<OutputIndex, Instruction>
    let aux: UnsafeTypedBuffer<OutputIndex, UInt32>
    let goals: UnsafeTypedBuffer<OutputIndex, UInt32>
    /// The slot of the pool that is written next.
    var at = OutputIndex(0)
    /// The input slot that is next, and the number of blocks that start before it.
    var from = InputIndex(0)
    var blockCount = 0
    var errors = LayoutErrors()

    // MARK: Splitting

    /// Finds the slots at which blocks start.
    func split() {
        for number in 0..<input.subprogramCount {
            unsafe leaders.insert(InputIndex(rawValue: input.subprograms[TableIndex(number)].start))
        }
        var slot = InputIndex(0)
        while slot.position < input.insnCount {
            let insn = unsafe input.insns[slot]
            slot = slot + 1
            if kinds.count(insn) != 0 { unsafe leaders.insert(slot + kinds.field(of: insn).offset(in: insn)) }
        }
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let patch = pass.patch(of: edit)
            for position in 0..<Int(edit.patchCount) {
                let (own, insn) = unsafe (PatchIndex(position), patch[PatchIndex(position)])
                if kinds.count(insn) == 0 || edit.keeps(own) { continue }
                let field = kinds.field(of: insn)
                let target = pass.patchTarget(of: insn, field, at: own, in: edit, on: input)
                if case .input(let slot) = target { unsafe leaders.insert(slot) }
            }
        }
        leaders.seal()
    }

    // MARK: Patching

    /// Writes the code of all blocks.
    mutating func patch() {
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            while from < edit.off { copySlot() }
            if edit.off.position < input.insnCount { enter() } else { open() }
            let isAtStart = unsafe blocks[TableIndex(blockCount - 1)].start == at
            writePatch(of: edit)
            if edit.isInsertion {
                if edit.skip && isAtStart { unsafe blocks[TableIndex(blockCount - 1)].entry = at }
                if edit.off.position < input.insnCount { write(from) }
                from = from + 1
                continue
            }
            from = from + 1
            while from < edit.end {
                let isLeader = enter()
                if isLeader && !edit.isDeletion { unsafe blocks[TableIndex(blockCount - 1)].isGone = true }
                from = from + 1
            }
        }
        while from.position < input.insnCount { copySlot() }
        if blockCount > 0 { unsafe blocks[TableIndex(blockCount - 1)].end = at }
    }

    /// Advances to the next block if it starts at the next slot; returns true if it does.
    @inline(__always) @discardableResult
    private mutating func enter() -> Bool {
        let isLeader = unsafe leaders.member(from) != 0
        if isLeader { open() }
        return isLeader
    }

    /// Ends a block, and starts the next.
    private mutating func open() {
        if blockCount > 0 { unsafe blocks[TableIndex(blockCount - 1)].end = at }
        unsafe blocks[TableIndex(blockCount)] = Block(start: at, entry: at, end: at)
        blockCount += 1
    }

    @inline(__always)
    private mutating func copySlot() {
        enter()
        write(from)
        from = from + 1
    }

    /// Writes an input slot to the block.
    @inline(__always)
    private mutating func write(_ slot: InputIndex) {
        let insn = unsafe input.insns[slot]
        var goal = BlockProgram.noGoal
        if kinds.count(insn) != 0 { goal = block(at: slot + (1 + kinds.field(of: insn).offset(in: insn))) }
        unsafe write(insn, input.aux[slot], goal: goal)
    }

    @inline(__always)
    private mutating func write(_ insn: Instruction, _ word: UInt32, goal: UInt32) {
        unsafe (insns[at], aux[at], goals[at]) = (insn, word, goal)
        at = at + 1
    }

    /// The number of the block that starts at a slot.
    @inline(__always)
    private func block(at slot: InputIndex) -> UInt32 { unsafe UInt32(leaders.count(through: slot) - 1) }

    /// Writes a patch to the block.
    private mutating func writePatch(of edit: EditRecord) {
        let patch = pass.patch(of: edit)
        for position in 0..<Int(edit.patchCount) {
            let (own, insn) = unsafe (PatchIndex(position), patch[PatchIndex(position)])
            if edit.keeps(own) {
                write(edit.off + (position - Int(edit.keep)))
                continue
            }
            var goal = BlockProgram.noGoal
            if kinds.count(insn) != 0 {
                let field = kinds.field(of: insn)
                switch pass.patchTarget(of: insn, field, at: own, in: edit, on: input) {
                case .asWritten: break
                case .input(let target): goal = block(at: target)
                case .nothing: errors.noteDangling()
                }
            }
            write(insn, 0, goal: goal)
        }
        if edit.passesWordOn { unsafe aux[at + -1] = input.aux[edit.off] }
    }

    /// Writes the blocks in a row, with offsets to the blocks that jumps name.
    mutating func join(into result: ProgramImage<OutputIndex>) {
        passOnEmptyBlocks()
        unsafe result.aux.copy(at.position, from: aux, at: OutputIndex(0), to: OutputIndex(0))
        var slot = OutputIndex(0)
        while slot < at {
            var insn = unsafe insns[slot]
            if unsafe goals[slot] != BlockProgram.noGoal {
                let block = unsafe blocks[TableIndex(rawValue: goals[slot])]
                let field = kinds.field(of: insn)
                let target = field.isCall ? block.start : block.entry
                insn = errors.pointing(insn, field, at: slot, to: block.isGone ? nil : target)
            }
            unsafe result.insns[slot] = insn
            slot = slot + 1
        }
    }

    /// Copies to each block without code the entries of the next one in its subprogram.
    private func passOnEmptyBlocks() {
        var end = unsafe TableIndex(leaders.count(through: InputIndex(input.insnCount)))
        for number in (0..<input.subprogramCount).reversed() {
            let first = unsafe block(at: InputIndex(rawValue: input.subprograms[TableIndex(number)].start))
            var next = end
            while next.rawValue > first {
                let empty = next + -1
                if unsafe blocks[empty].start == blocks[empty].end && !blocks[empty].isGone {
                    if next == end {
                        unsafe blocks[empty].isGone = true
                    } else {
                        unsafe blocks[empty] = blocks[next]
                    }
                }
                next = empty
            }
            end = TableIndex(rawValue: first)
        }
    }
}
