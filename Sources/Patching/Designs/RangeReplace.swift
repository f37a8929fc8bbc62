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
        var landings = RowStorage<OutputIndex>()
        var chains = RowStorage<OutputIndex>()
        var links = RowStorage<OutputIndex>()
        var starts = RowStorage<OutputIndex>()
        var callers = RowStorage<OutputIndex>()
    }

    public let name = "range-replace"
    private let memory = Cell(Memory())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let room = input.insnCount + pass.patchSlots
        output.reserve(insns: room, subprograms: input.subprogramCount, lines: input.lineCount)
        var replacer = RangeReplacer(
            pass: pass, input: input, result: output.image(),
            landings: memory.value.landings.row(reserving: input.insnCount),
            chains: memory.value.chains.row(reserving: input.insnCount), links: memory.value.links.row(reserving: room),
            starts: memory.value.starts.row(reserving: input.subprogramCount),
            callers: memory.value.callers.row(reserving: input.subprogramCount), homeEnd: input.end(of: TableIndex(0)))
        replacer.begin()
        for number in 0..<pass.editCount { replacer.replace(pass.edits[TableIndex(number)]) }
        replacer.finish()
        return output.conclude(
            pass, on: input, replacer.errors.status, insns: replacer.at.position,
            subprograms: replacer.subprogramCount)
    }
}

/// The owner of positions.
private struct RangeReplacer {
    /// Instead of a place: nothing is left to reach. Instead of a jump: the end of a chain.
    private static let none = OutputIndex(rawValue: .max)
    /// In ``landings``: the place of the slot that follows the deleted ones.
    private static let open = OutputIndex(rawValue: .max - 1)

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let kinds = JumpKindTable.shared.view
    /// Where jumps to each input slot before `ahead` land.
    let landings: Row<InputIndex, OutputIndex>
    /// For each input slot from `ahead` on, the last jump of the result that waits for it.
    let chains: Row<InputIndex, OutputIndex>
    /// For each waiting jump or call of the result, the next of its chain.
    let links: Row<OutputIndex, OutputIndex>
    /// Where each subprogram starts in the result, and the last call of the result that waits for it.
    let starts: Row<TableIndex, OutputIndex>
    let callers: Row<TableIndex, OutputIndex>
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

    func begin() {
        chains.fill(input.insnCount, from: InputIndex(0), with: RangeReplacer.none)
        starts.fill(input.subprogramCount, from: TableIndex(0), with: RangeReplacer.none)
        callers.fill(input.subprogramCount, from: TableIndex(0), with: RangeReplacer.none)
    }

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
            point(chains[ahead], to: RangeReplacer.none)
            landings[ahead] = RangeReplacer.none
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
        for number in 0..<input.subprogramCount { point(callers[TableIndex(number)], to: starts[TableIndex(number)]) }
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
            landings[cursor] = RangeReplacer.open
            var jump = chains[cursor]
            while jump != RangeReplacer.none {
                (links[jump], openChain, jump) = (openChain, jump, links[jump])
            }
            cursor = cursor + 1
            ahead = cursor
            enterSubprogram()
        }
    }

    /// Notes that the next slot of the result is of the subprogram at the cursor.
    @inline(__always)
    private mutating func startSubprogram() {
        if starts[home] != RangeReplacer.none { return }
        starts[home] = at
        result.subprograms[TableIndex(subprogramCount)] = Subprogram(
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
        point(chains[ahead], to: at)
        landings[ahead] = at
        if openStart < ahead { closeOpen(at: at) }
        ahead = ahead + 1
        openStart = ahead
    }

    /// Gives the deleted slots before the slot ahead a place.
    private mutating func closeOpen(at place: OutputIndex) {
        point(openChain, to: place)
        openChain = RangeReplacer.none
        while openStart < ahead {
            landings[openStart] = place
            openStart = openStart + 1
        }
    }

    /// Points the jumps or calls of a chain to a place of the result.
    @inline(__always)
    private mutating func point(_ chain: OutputIndex, to place: OutputIndex) {
        var jump = chain
        while jump != RangeReplacer.none {
            let insn = result.insns[jump]
            result.insns[jump] = errors.pointing(
                insn, kinds.field(of: insn), at: jump, to: place == RangeReplacer.none ? nil : place)
            jump = links[jump]
        }
    }

    /// Lets the jump or call at the next place reach an input slot, now or later.
    @inline(__always)
    private mutating func aim(_ field: OffsetField, at target: InputIndex) {
        if field.isCall {
            let callee = input.subprogram(holding: target)
            (links[at], callers[callee]) = (callers[callee], at)
        } else if target >= ahead {
            (links[at], chains[target]) = (chains[target], at)
        } else if landings[target] == RangeReplacer.open {
            (links[at], openChain) = (openChain, at)
        } else {
            links[at] = RangeReplacer.none
            point(at, to: landings[target])
        }
    }

    @inline(__always)
    private mutating func copy(_ slot: InputIndex) {
        let insn = input.insns[slot]
        (result.insns[at], result.aux[at]) = (insn, input.aux[slot])
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
            let insn = patch[place]
            (result.insns[at], result.aux[at]) = (insn, 0)
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
        if edit.passesWordOn { result.aux[at + -1] = input.aux[edit.off] }
    }
}
