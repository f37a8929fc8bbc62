import BPF

/// `bpf_patch_insns`: any range of instructions is replaced by any others, and one object tracks all positions.
///
/// `replace` is the only operation: an empty range is an insertion, an empty patch a deletion, and a flag selects whether
/// jumps to an insertion enter it. The caller never computes an index: the replacer copies the code between two ranges
/// and keeps the positions. A jump to a slot that it has passed is fixed at once. A jump to a slot ahead waits in a
/// chain of that slot, as in a one-pass assembler, until the slot has its index in the result.
///
/// It costs one copy of each slot, eight bytes for each slot of the input, four for each of the result, and eight for
/// each subprogram. An edit costs its own length.
///
/// Departures from the proposal, which is a signature and a paragraph:
/// - Ranges must come in increasing order. The proposal does not say how its iterator avoids a move for each edit.
/// - Deleted slots at which jumps wait pass their chains on to the slot that follows in the same subprogram.
/// - A jump into a replaced range, except to its first slot, has no target and is an error.
/// - A call waits for the start of its subprogram until the end: code can be inserted before a start.
/// - A jump in a patch has its offset within the patch, or names an instruction of the input by a ref.
/// - Line records, which the proposal does not mention, are relocated at the end.
///
/// - Complexity: O(slots + edits) a pass; a call or a jump of a patch adds O(refs of its edit + log subprograms)
/// - Source: Nakryiko, July 2024 (`bpf_patch_insns`, `insn_patcher`); Leoshkevich, September 2020
public final class RangeReplace: Patcher {
    /// Memory of a pass, kept for the whole run.
    private struct Memory: ~Copyable {
        var newTargets = Scratch<OutputIndex>()
        var chains = Scratch<OutputIndex>()
        var links = Scratch<OutputIndex>()
        var starts = Scratch<OutputIndex>()
        var callers = Scratch<OutputIndex>()
    }

    public let name = "range-replace"
    private let memory = UncheckedBox(Memory())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let room = input.insnCount + pass.patchSlots
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        var replacer = unsafe RangeReplacer(
            pass: pass, input: input, result: output.image(),
            newTargets: memory.value.newTargets.buffer(reserving: input.insnCount),
            chains: memory.value.chains.buffer(repeating: RangeReplacer.none, count: input.insnCount),
            links: memory.value.links.buffer(reserving: room),
            starts: memory.value.starts.buffer(repeating: RangeReplacer.none, count: input.subprogramCount),
            callers: memory.value.callers.buffer(repeating: RangeReplacer.none, count: input.subprogramCount),
            subprogramEnd: input.end(of: TableIndex(0)))
        for number in 0..<pass.editCount { replacer.replace(pass.edit(number)) }
        replacer.finish()
        return output.conclude(
            pass, on: input, replacer.errors.status, insns: replacer.at.position,
            subprograms: replacer.subprogramCount)
    }
}

/// The replacer of ranges, which tracks all positions.
private struct RangeReplacer {
    /// Instead of an index: the slot is gone, so jumps to it have no target. Instead of a jump: the end of a chain.
    static let none = OutputIndex(rawValue: .max)
    /// In ``newTargets``: that of the slot that follows the deleted ones.
    private static let deleted = OutputIndex(rawValue: .max - 1)

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let kinds = JumpKindTable.shared.view
    /// For each input slot before `ahead`, the slot of the result that jumps to it reach.
    let newTargets: UnsafeTypedBuffer<InputIndex, OutputIndex>
    /// For each input slot from `ahead` on, the last jump of the result that waits for it.
    let chains: UnsafeTypedBuffer<InputIndex, OutputIndex>
    /// For each waiting jump or call of the result, the next of its chain.
    let links: UnsafeTypedBuffer<OutputIndex, OutputIndex>
    /// For each subprogram, its start in the result, and the last call of the result that waits for it.
    let starts: UnsafeTypedBuffer<TableIndex, OutputIndex>
    let callers: UnsafeTypedBuffer<TableIndex, OutputIndex>
    var subprogramCount = 0
    /// The slot of the result that is written next.
    var at = OutputIndex(0)
    /// The next input slot, and the first one whose place is not known yet.
    var cursor = InputIndex(0)
    var ahead = InputIndex(0)
    /// The first of the deleted slots right before `ahead`, and the last jump that waits for them.
    var deletedStart = InputIndex(0)
    var deletedChain = RangeReplacer.none
    /// The subprogram at the cursor.
    var subprogram = TableIndex(0)
    var subprogramEnd: Int
    var errors = LayoutErrors()

    /// Replaces a range of the input by a patch.
    mutating func replace(_ edit: EditRecord) {
        copy(to: edit.off)
        if edit.isDeletion { return delete(to: edit.end) }
        if edit.off.position < input.insnCount {
            startSubprogram()
            if !edit.skip { resolve() }
        }
        write(edit)
        if edit.isInsertion { return }
        // A jump into the range, except to its first slot, has no target.
        while ahead < edit.end {
            unsafe backpatch(chains[ahead], to: RangeReplacer.none)
            unsafe newTargets[ahead] = RangeReplacer.none
            ahead = ahead + 1
        }
        deletedStart = ahead
        cursor = edit.end
        enterSubprogram()
    }

    /// Copies the rest of the input, and points the calls to their subprograms.
    mutating func finish() {
        copy(to: InputIndex(input.insnCount))
        resolveDeleted(to: RangeReplacer.none)
        for number in 0..<input.subprogramCount {
            unsafe backpatch(callers[TableIndex(number)], to: starts[TableIndex(number)])
        }
    }

    /// Copies input slots up to an index.
    @inline(__always)
    private mutating func copy(to end: InputIndex) {
        while cursor < end {
            startSubprogram()
            if ahead == cursor { resolve() }
            copy(cursor)
            cursor = cursor + 1
            enterSubprogram()
        }
    }

    /// Passes deleted slots: jumps to them wait for the next slot that is left in the same subprogram.
    private mutating func delete(to end: InputIndex) {
        while cursor < end {
            unsafe newTargets[cursor] = RangeReplacer.deleted
            var jump = unsafe chains[cursor]
            while jump != RangeReplacer.none {
                let next = unsafe links[jump]
                unsafe links[jump] = deletedChain
                deletedChain = jump
                jump = next
            }
            (cursor, ahead) = (cursor + 1, cursor + 1)
            enterSubprogram()
        }
    }

    /// Notes that the next slot of the result is of the subprogram at the cursor.
    @inline(__always)
    private mutating func startSubprogram() {
        if unsafe starts[subprogram] != RangeReplacer.none { return }
        unsafe starts[subprogram] = at
        unsafe result.subprograms[TableIndex(subprogramCount)] = Subprogram(
            start: at.rawValue, id: input.subprograms[subprogram].id)
        subprogramCount += 1
    }

    /// Advances to the next subprogram if the cursor is at the end of one. Deleted slots have no successor there.
    @inline(__always)
    private mutating func enterSubprogram() {
        if cursor.position < subprogramEnd || subprogramEnd == input.insnCount { return }
        resolveDeleted(to: RangeReplacer.none)
        subprogram = subprogram + 1
        subprogramEnd = input.end(of: subprogram)
    }

    /// Sets the next slot of the result as the target of the slot ahead and of the deleted ones before it.
    @inline(__always)
    private mutating func resolve() {
        unsafe backpatch(chains[ahead], to: at)
        unsafe newTargets[ahead] = at
        if deletedStart < ahead { resolveDeleted(to: at) }
        ahead = ahead + 1
        deletedStart = ahead
    }

    /// Sets the target of the deleted slots directly before the slot ahead.
    private mutating func resolveDeleted(to target: OutputIndex) {
        backpatch(deletedChain, to: target)
        deletedChain = RangeReplacer.none
        while deletedStart < ahead {
            unsafe newTargets[deletedStart] = target
            deletedStart = deletedStart + 1
        }
    }

    /// Points the jumps or calls of a chain to a slot of the result.
    @inline(__always)
    private mutating func backpatch(_ chain: OutputIndex, to target: OutputIndex) {
        var jump = chain
        while jump != RangeReplacer.none {
            let insn = unsafe result.insns[jump]
            unsafe result.insns[jump] = errors.pointing(
                insn, kinds.field(of: insn), at: jump, to: target == RangeReplacer.none ? nil : target)
            jump = unsafe links[jump]
        }
    }

    /// Points the jump or call at the next slot of the result to an input slot, now or later.
    @inline(__always)
    private mutating func setTarget(_ target: InputIndex, _ field: OffsetField) {
        if field.isCall {
            let callee = input.subprogram(holding: target)
            unsafe (links[at], callers[callee]) = (callers[callee], at)
        } else if target >= ahead {
            unsafe (links[at], chains[target]) = (chains[target], at)
        } else if unsafe newTargets[target] == RangeReplacer.deleted {
            unsafe (links[at], deletedChain) = (deletedChain, at)
        } else {
            unsafe links[at] = RangeReplacer.none
            unsafe backpatch(at, to: newTargets[target])
        }
    }

    @inline(__always)
    private mutating func copy(_ slot: InputIndex) {
        let insn = unsafe input.insns[slot]
        unsafe (result.insns[at], result.aux[at]) = (insn, input.aux[slot])
        if kinds.count(insn) != 0 {
            let field = kinds.field(of: insn)
            setTarget(InputIndex(slot.position + 1 + field.offset(in: insn)), field)
        }
        at = at + 1
    }

    private mutating func write(_ edit: EditRecord) {
        let patch = pass.patch(of: edit)
        for position in 0..<Int(edit.patchCount) {
            let (own, insn) = unsafe (PatchIndex(position), patch[PatchIndex(position)])
            if edit.keeps(own) {
                copy(edit.off + (position - Int(edit.keep)))
                continue
            }
            unsafe (result.insns[at], result.aux[at]) = (insn, 0)
            if kinds.count(insn) != 0 {
                let field = kinds.field(of: insn)
                switch pass.patchTarget(of: insn, field, at: own, in: edit, on: input) {
                case .asWritten: break
                case .input(let target): setTarget(target, field)
                case .nothing: errors.noteDangling()
                }
            }
            at = at + 1
        }
        if edit.passesWordOn { unsafe result.aux[at + -1] = input.aux[edit.off] }
    }
}
