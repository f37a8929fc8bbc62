import BPF

/// `bpf_patch_insns`: any range of instructions is replaced by any others, and one owner of all positions knows where
/// everything is.
///
/// `replace` is the only operation: an empty range is an insertion, an empty patch a deletion, and a flag tells whether
/// jumps to the range enter the patch. The caller never computes an index: the replacer copies what lies between two ranges
/// and keeps the positions. A jump to a slot that it has passed is fixed at once. A jump to a slot ahead waits in a chain of
/// that slot, as in a one-pass assembler, until the slot gets its place.
///
/// It costs one copy of each slot, three words for each slot, and no search: an edit costs its own length.
///
/// Departures from the proposal, which is a signature and a paragraph:
/// - Ranges must come in increasing order. The proposal leaves open how its iterator beats a move for each edit; this does.
/// - Deleted slots at which jumps wait pass their chains on to the slot that follows in the same subprogram.
/// - A call waits for the place of its subprogram, which is known at the end: code can be inserted before a start.
/// - A jump in a patch has its offset within the patch, or names an instruction of the input by a ref.
///
/// - Complexity: O(slots + edits) a pass, plus O(log subprograms) for a call and for a jump of a patch
/// - Source: Nakryiko, July 2024 (`bpf_patch_insns`, `insn_patcher`); Leoshkevich, September 2020
public final class RangeReplace: Patcher {
    /// Memory of a pass, kept for the whole run.
    private struct Memory: ~Copyable {
        var landings = Scratch<OutputIndex>()
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
            landings: memory.value.landings.buffer(reserving: input.insnCount),
            chains: memory.value.chains.buffer(repeating: RangeReplacer.none, count: input.insnCount),
            links: memory.value.links.buffer(reserving: room),
            starts: memory.value.starts.buffer(repeating: RangeReplacer.none, count: input.subprogramCount),
            callers: memory.value.callers.buffer(repeating: RangeReplacer.none, count: input.subprogramCount),
            homeEnd: input.end(of: TableIndex(0)))
        for number in 0..<pass.editCount { replacer.replace(pass.edit(number)) }
        replacer.finish()
        return output.conclude(
            pass, on: input, replacer.errors.status, insns: replacer.at.position,
            subprograms: replacer.subprogramCount)
    }
}

/// The owner of positions.
private struct RangeReplacer {
    /// Instead of a place: nothing is left to reach. Instead of a jump: the end of a chain.
    static let none = OutputIndex(rawValue: .max)
    /// In ``landings``: the place of the slot that follows the deleted ones.
    private static let open = OutputIndex(rawValue: .max - 1)

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let kinds = JumpKindTable.shared.view
    /// Where jumps to each input slot before `ahead` land.
    let landings: UnsafeTypedBuffer<InputIndex, OutputIndex>
    /// For each input slot from `ahead` on, the last jump of the result that waits for it.
    let chains: UnsafeTypedBuffer<InputIndex, OutputIndex>
    /// For each waiting jump or call of the result, the next of its chain.
    let links: UnsafeTypedBuffer<OutputIndex, OutputIndex>
    /// Where each subprogram starts in the result, and the last call of the result that waits for it.
    let starts: UnsafeTypedBuffer<TableIndex, OutputIndex>
    let callers: UnsafeTypedBuffer<TableIndex, OutputIndex>
    var subprogramCount = 0
    /// The slot of the result that is written next.
    var at = OutputIndex(0)
    /// The input slot that is next, and the first to which jumps still have to wait.
    var cursor = InputIndex(0)
    var ahead = InputIndex(0)
    /// The first deleted slot before `ahead` with an open landing, and the last jump that waits for it.
    var openStart = InputIndex(0)
    var openChain = RangeReplacer.none
    /// The subprogram at the cursor.
    var home = TableIndex(0)
    var homeEnd: Int
    var errors = LayoutErrors()

    /// Replaces a range of the input by a patch.
    mutating func replace(_ edit: EditRecord) {
        copy(to: edit.off)
        if edit.isDeletion { return delete(to: edit.end) }
        if edit.off.position < input.insnCount {
            startSubprogram()
            if !edit.skip { land() }
        }
        write(edit)
        if edit.isInsertion { return }
        // Past the first slot of the range, nothing is left to reach.
        while ahead < edit.end {
            unsafe point(chains[ahead], to: RangeReplacer.none)
            unsafe landings[ahead] = RangeReplacer.none
            ahead = ahead + 1
        }
        openStart = ahead
        cursor = edit.end
        enterSubprogram()
    }

    /// Copies what is left, and points the calls to their subprograms.
    mutating func finish() {
        copy(to: InputIndex(input.insnCount))
        closeOpen(at: RangeReplacer.none)
        for number in 0..<input.subprogramCount {
            unsafe point(callers[TableIndex(number)], to: starts[TableIndex(number)])
        }
    }

    /// Copies input slots up to an index.
    @inline(__always)
    private mutating func copy(to end: InputIndex) {
        while cursor < end {
            startSubprogram()
            if ahead == cursor { land() }
            copy(cursor)
            cursor = cursor + 1
            enterSubprogram()
        }
    }

    /// Passes deleted slots: jumps to them wait for the next slot that is left in the same subprogram.
    private mutating func delete(to end: InputIndex) {
        while cursor < end {
            unsafe landings[cursor] = RangeReplacer.open
            var jump = unsafe chains[cursor]
            while jump != RangeReplacer.none {
                unsafe (links[jump], openChain, jump) = (openChain, jump, links[jump])
            }
            cursor = cursor + 1
            ahead = cursor
            enterSubprogram()
        }
    }

    /// Notes that the next slot of the result is of the subprogram at the cursor.
    @inline(__always)
    private mutating func startSubprogram() {
        if unsafe starts[home] != RangeReplacer.none { return }
        unsafe starts[home] = at
        unsafe result.subprograms[TableIndex(subprogramCount)] = Subprogram(
            start: at.rawValue, id: input.subprograms[home].id)
        subprogramCount += 1
    }

    /// Goes on to the next subprogram if the cursor is at the end of one: nothing follows deleted slots there.
    @inline(__always)
    private mutating func enterSubprogram() {
        if cursor.position < homeEnd || homeEnd == input.insnCount { return }
        closeOpen(at: RangeReplacer.none)
        home = home + 1
        homeEnd = input.end(of: home)
    }

    /// Gives the slot ahead, and the deleted ones before it, the next place of the result.
    @inline(__always)
    private mutating func land() {
        unsafe point(chains[ahead], to: at)
        unsafe landings[ahead] = at
        if openStart < ahead { closeOpen(at: at) }
        ahead = ahead + 1
        openStart = ahead
    }

    /// Gives the deleted slots before the slot ahead a place.
    private mutating func closeOpen(at place: OutputIndex) {
        point(openChain, to: place)
        openChain = RangeReplacer.none
        while openStart < ahead {
            unsafe landings[openStart] = place
            openStart = openStart + 1
        }
    }

    /// Points the jumps or calls of a chain to a place of the result.
    @inline(__always)
    private mutating func point(_ chain: OutputIndex, to place: OutputIndex) {
        var jump = chain
        while jump != RangeReplacer.none {
            let insn = unsafe result.insns[jump]
            unsafe result.insns[jump] = errors.pointing(
                insn, kinds.field(of: insn), at: jump, to: place == RangeReplacer.none ? nil : place)
            jump = unsafe links[jump]
        }
    }

    /// Lets the jump or call at the next place reach an input slot, now or later.
    @inline(__always)
    private mutating func aim(_ field: OffsetField, at target: InputIndex) {
        if field.isCall {
            let callee = input.subprogram(holding: target)
            unsafe (links[at], callers[callee]) = (callers[callee], at)
        } else if target >= ahead {
            unsafe (links[at], chains[target]) = (chains[target], at)
        } else if unsafe landings[target] == RangeReplacer.open {
            unsafe (links[at], openChain) = (openChain, at)
        } else {
            unsafe links[at] = RangeReplacer.none
            unsafe point(at, to: landings[target])
        }
    }

    @inline(__always)
    private mutating func copy(_ slot: InputIndex) {
        let insn = unsafe input.insns[slot]
        unsafe (result.insns[at], result.aux[at]) = (insn, input.aux[slot])
        if kinds.count(insn) != 0 {
            let field = kinds.field(of: insn)
            aim(field, at: InputIndex(slot.position + 1 + field.offset(in: insn)))
        }
        at = at + 1
    }

    private mutating func write(_ edit: EditRecord) {
        let patch = pass.patch(of: edit)
        for position in 0..<Int(edit.patchCount) {
            let place = PatchIndex(position)
            if edit.keeps(place) {
                copy(edit.off + (position - Int(edit.keep)))
                continue
            }
            let insn = unsafe patch[place]
            unsafe (result.insns[at], result.aux[at]) = (insn, 0)
            if kinds.count(insn) != 0 {
                let field = kinds.field(of: insn)
                switch pass.patchTarget(of: insn, field, at: place, in: edit, on: input) {
                case .asWritten: break
                case .input(let target): aim(field, at: target)
                case .nothing: errors.noteDangling()
                }
            }
            at = at + 1
        }
        if edit.passesWordOn { unsafe result.aux[at + -1] = input.aux[edit.off] }
    }
}
