import BPF

/// Patches in place at once, remembers (offset, count, delta), and adjusts all branches once at the end.
///
/// This is the kernel's algorithm without its expensive half, the branch adjustment for every edit. `patch` changes the
/// array of instructions as soon as an edit arrives; jumps are wrong from then on. A list records each move and its
/// distance. After the last edit, `adjustBranches` walks the array once and sets every offset from that list.
///
/// It costs one copy and one move of each slot, twelve bytes for each edit, a bit and a half for each slot, and one
/// more walk over the result.
///
/// Departures from the proposal, which is one sentence:
/// - The kernel moves all slots that follow a patch, for every edit. Here the array is a gap buffer with the gap after
///   the last patch, so a slot moves once. Edits must arrive in order.
/// - The proposal does not say how a branch finds its entry of the list. Here the offsets are a bit set. Its population
///   count up to a target is the index of the entry.
/// - An edit removes `count` slots, which may be 0. A target in a deleted range moves to the slot after the range.
/// - A jump in a patch has its offset within the patch, or names an instruction of the input by a ref. So the last walk
///   must distinguish patches from the program, and reads the edits along with the array.
/// - Subprogram starts and line records, which the proposal does not mention, are relocated at the end.
///
/// - Complexity: O(slots + edits) a pass. A jump to deleted slots adds O(log subprograms) for each deletion that
///   follows its target without a gap; a jump or call of a patch adds O(refs of its edit + log subprograms).
/// - Source: Starovoitov, June 2022 (answer to Zingerman's delta array)
public final class DeferredBranches: Patcher {
    /// Memory of a pass, kept for the whole run.
    private struct Memory: ~Copyable {
        var moves = Scratch<GappedProgram.Move>()
        var starts = SlotSet.Storage()
    }

    public let name = "deferred-branches"
    private let memory = UncheckedBox(Memory())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let room = input.insnCount + pass.patchSlots
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        unsafe memory.value.moves.reserve(pass.editCount)
        var program = unsafe GappedProgram(
            pass: pass, input: input, result: output.image(), room: room, moves: memory.value.moves.buffer(),
            starts: memory.value.starts.makeSet(slots: input.insnCount))
        for number in 0..<pass.editCount { program.patch(pass.edit(number)) }
        program.closeGap()
        program.adjustBranches()
        return output.conclude(pass, on: input, program.errors.status, insns: program.gapStart.position)
    }
}

/// The array of instructions, with a gap after the last patch, and the list of moves.
private struct GappedProgram {
    /// An entry of the list.
    struct Move: BitwiseCopyable {
        /// The input slot at which an edit starts.
        var offset: InputIndex
        /// The number of slots that it removes.
        var count: UInt32
        /// The distance that slots after the removed range have moved, by this edit and all before it; wraps.
        var delta: UInt32
    }

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let kinds = JumpKindTable.shared.view
    /// The list, sorted by offset.
    let moves: UnsafeTypedBuffer<TableIndex, Move>
    var moveCount = 0
    /// The offsets of the list.
    let starts: SlotSet
    /// The gap of the array; the program lies before and after it.
    var gapStart = OutputIndex(0)
    var gapEnd: OutputIndex
    /// The input slot after the gap.
    var next = InputIndex(0)
    var errors = LayoutErrors()

    /// Puts the program at the end of the room for the result, after a gap as long as all patches.
    init(
        pass: PassImage, input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>, room: Int,
        moves: UnsafeTypedBuffer<TableIndex, Move>, starts: SlotSet
    ) {
        self.pass = pass
        self.input = input
        self.result = result
        self.moves = moves
        self.starts = starts
        gapEnd = OutputIndex(room - input.insnCount)
        unsafe result.insns.copy(input.insnCount, from: input.insns, at: InputIndex(0), to: gapEnd)
        unsafe result.aux.copy(input.insnCount, from: input.aux, at: InputIndex(0), to: gapEnd)
    }

    // MARK: Patching in place

    /// Patches the array, and remembers it.
    mutating func patch(_ edit: EditRecord) {
        moveGap(to: edit.off)
        let kept = gapEnd
        gapEnd = gapEnd + Int(edit.remove)
        next = edit.end
        let patch = pass.patch(of: edit)
        for position in 0..<Int(edit.patchCount) where !edit.keeps(PatchIndex(position)) {
            unsafe result.insns[gapStart + position] = patch[PatchIndex(position)]
            unsafe result.aux[gapStart + position] = 0
        }
        if edit.keep != EditRecord.noKeep {
            let slot = gapStart + Int(edit.keep)
            unsafe result.insns.move(Int(edit.remove), from: kept, to: slot)
            unsafe result.aux.move(Int(edit.remove), from: kept, to: slot)
        } else if edit.passesWordOn {
            unsafe result.aux[gapStart + (Int(edit.patchCount) - 1)] = input.aux[edit.off]
        }
        gapStart = gapStart + Int(edit.patchCount)
        let before = unsafe moveCount == 0 ? 0 : moves[TableIndex(moveCount - 1)].delta
        unsafe moves[TableIndex(moveCount)] = Move(
            offset: edit.off, count: edit.remove, delta: before &+ edit.patchCount &- edit.remove)
        moveCount += 1
        if edit.off.position < input.insnCount { unsafe starts.insert(edit.off) }
    }

    /// Moves slots from after the gap to before it, up to an input slot.
    private mutating func moveGap(to slot: InputIndex) {
        let count = slot - next
        unsafe result.insns.move(count, from: gapEnd, to: gapStart)
        unsafe result.aux.move(count, from: gapEnd, to: gapStart)
        gapStart = gapStart + count
        gapEnd = gapEnd + count
        next = slot
    }

    /// Ends the patching: nothing is left after the gap.
    mutating func closeGap() {
        moveGap(to: InputIndex(input.insnCount))
        starts.seal()
    }

    // MARK: Adjusting the branches

    /// Sets the new offset of every jump and call of the array.
    mutating func adjustBranches() {
        var at = OutputIndex(0)
        var slot = InputIndex(0)
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            adjust(from: slot, to: edit.off, at: &at)
            for position in 0..<Int(edit.patchCount) {
                let own = PatchIndex(position)
                if edit.keeps(own) {
                    adjust(at, of: edit.off + (position - Int(edit.keep)))
                } else if unsafe kinds.count(result.insns[at]) != 0 {
                    adjust(at, of: edit, own)
                }
                at = at + 1
            }
            slot = edit.end
        }
        adjust(from: slot, to: InputIndex(input.insnCount), at: &at)
    }

    private mutating func adjust(from start: InputIndex, to end: InputIndex, at: inout OutputIndex) {
        var slot = start
        while slot < end {
            adjust(at, of: slot)
            at = at + 1
            slot = slot + 1
        }
    }

    /// Adjusts an instruction that was at an input slot.
    @inline(__always)
    private mutating func adjust(_ at: OutputIndex, of slot: InputIndex) {
        let insn = unsafe result.insns[at]
        if kinds.count(insn) == 0 { return }
        let field = kinds.field(of: insn)
        let target = InputIndex(slot.position + 1 + field.offset(in: insn))
        unsafe result.insns[at] = errors.pointing(insn, field, at: at, to: newTarget(of: target, isCall: field.isCall))
    }

    /// Adjusts a jump or call of a patch.
    private mutating func adjust(_ at: OutputIndex, of edit: EditRecord, _ own: PatchIndex) {
        let insn = unsafe result.insns[at]
        let field = kinds.field(of: insn)
        switch pass.patchTarget(of: insn, field, at: own, in: edit, on: input) {
        case .asWritten: break
        case .input(let target):
            unsafe result.insns[at] = errors.pointing(
                insn, field, at: at, to: newTarget(of: target, isCall: field.isCall))
        case .nothing: errors.noteDangling()
        }
    }

    /// The slot of the array that a jump or call to an input slot reaches; `nil` if nothing is left for it to reach.
    private func newTarget(of target: InputIndex, isCall: Bool) -> OutputIndex? {
        var number = unsafe starts.count(through: target) - 1
        if number < 0 { return OutputIndex(rawValue: target.rawValue) }
        let oldTarget = target
        var target = target
        var move = unsafe moves[TableIndex(number)]
        // Past deleted slots to the next slot of the same subprogram.
        while pass.edit(number).isDeletion && target < move.offset + Int(move.count) {
            target = move.offset + Int(move.count)
            if target.position >= input.end(of: input.subprogram(holding: oldTarget)) { return nil }
            if unsafe number + 1 < moveCount && moves[TableIndex(number + 1)].offset == target {
                number += 1
                move = unsafe moves[TableIndex(number)]
            }
        }
        let edit = pass.edit(number)
        // Wraps where an edit removes more than lies before it; the sums below do not.
        let moved = target.rawValue &+ move.delta
        if target != move.offset { return target < edit.end ? nil : OutputIndex(rawValue: moved) }
        if edit.isInsertion && edit.skip && !isCall { return OutputIndex(rawValue: moved) }
        // To the first slot of the patch.
        return OutputIndex(rawValue: moved &+ edit.remove &- edit.patchCount)
    }
}
