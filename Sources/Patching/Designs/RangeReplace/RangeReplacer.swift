import BPF

/// The owner of positions: takes replacements of input ranges in increasing order and writes the result as it goes.
struct RangeReplacer {
    /// A call of the result; where its callee has gone is known at the end.
    struct Call: BitwiseCopyable {
        var from: OutputIndex
        var callee: TableIndex
    }

    /// In ``landings`` and ``places``: nothing stands for this.
    private static let nothing = UInt32.max
    /// In ``landings``: what follows the deleted range will stand for this slot.
    private static let open = UInt32.max - 1
    /// In ``waiting`` and ``links``: the end of a chain.
    private static let none = UInt32.max

    private let kinds = JumpKindTable.shared.view
    private let input: ProgramImage<InputIndex>
    private let result: ProgramImage<OutputIndex>
    /// Where jumps to each input slot that the sweep has passed land.
    private let landings: Row<InputIndex, UInt32>
    /// For each input slot ahead, the last of the jumps of the result that wait for it.
    private let waiting: Row<InputIndex, UInt32>
    /// For each waiting jump of the result, the one that waits behind it.
    private let links: Row<OutputIndex, UInt32>
    private let calls: Row<TableIndex, Call>
    /// Where each subprogram of the input starts in the result.
    private let places: Row<TableIndex, UInt32>
    private var callCount = 0

    /// The next input slot to lay out.
    private var cursor = InputIndex(0)
    /// The first input slot to which jumps still have to wait.
    private var ahead = InputIndex(0)
    /// The slot of the result that is written next.
    private var at = OutputIndex(0)
    /// Where the deleted slots begin that nothing stands for yet; `ahead` when there are none.
    private var openStart = InputIndex(0)
    /// The jumps that wait for whatever follows these.
    private var openChain = none
    /// The subprogram that holds the cursor.
    private var home = TableIndex(0)
    private var homeStart = 0
    private var homeEnd: Int
    private var dangling = false
    private var overflow = false
    /// How many subprograms stand so far.
    private(set) var subprogramCount = 0

    /// How many slots the result has so far.
    var count: Int { at.position }

    /// Memory that a sweep works in, kept for the whole run.
    struct Workspace: ~Copyable {
        fileprivate var landings = RowStorage<UInt32>()
        fileprivate var waiting = RowStorage<UInt32>()
        fileprivate var links = RowStorage<UInt32>()
        fileprivate var calls = RowStorage<Call>()
        fileprivate var places = RowStorage<UInt32>()

        /// Makes room for a program and a result of up to `room` slots.
        mutating func reserve(_ input: ProgramImage<InputIndex>, room: Int) {
            landings.reserve(input.insnCount)
            waiting.reserve(input.insnCount)
            links.reserve(room)
            calls.reserve(room)
            places.reserve(input.subprogramCount)
        }
    }

    init(input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>, work: borrowing Workspace) {
        self.input = input
        self.result = result
        landings = work.landings.row()
        waiting = work.waiting.row()
        links = work.links.row()
        calls = work.calls.row()
        places = work.places.row()
        homeEnd = input.end(of: TableIndex(0))
        waiting.fill(input.insnCount, from: InputIndex(0), with: RangeReplacer.none)
        places.fill(input.subprogramCount, from: TableIndex(0), with: RangeReplacer.nothing)
    }

    /// Replaces a range of the input by the edit's patch; ranges come in increasing order.
    mutating func replace(_ edit: EditRecord, in pass: PassImage) {
        copyGap(to: edit.off)
        if edit.isDeletion {
            delete(to: edit.end)
            return
        }
        if edit.off.position < input.insnCount {
            stand()
            // Jumps to the range enter the patch; those that skip it wait for what stands behind it.
            if !edit.skip { settle() }
        }
        place(edit, of: pass)
        if edit.isInsertion { return }
        // Past the first slot nothing stands for what the patch has replaced.
        while ahead < edit.end {
            if waiting[ahead] != RangeReplacer.none { dangling = true }
            landings[ahead] = RangeReplacer.nothing
            ahead = ahead + 1
        }
        openStart = ahead
        cursor = edit.end
    }

    /// Lays out what is left and says what became of the pass.
    mutating func finish() -> PatchStatus {
        copyGap(to: InputIndex(input.insnCount))
        closeHome()
        for number in 0..<callCount {
            let call = calls[TableIndex(number)]
            let place = places[call.callee]
            if place == RangeReplacer.nothing { dangling = true } else { point(call.from, to: place) }
        }
        if dangling { return .einval }
        return overflow ? .erange : .accepted
    }

    // MARK: The sweep

    /// Copies what stands between the last replacement and the next.
    @inline(__always)
    private mutating func copyGap(to end: InputIndex) {
        while cursor < end {
            if cursor.position == homeEnd { enterHome() }
            let stop = InputIndex(min(homeEnd, end.position))
            stand()
            while cursor < stop {
                if ahead == cursor { settle() }
                copy(cursor)
                cursor = cursor + 1
            }
        }
        if cursor.position == homeEnd && cursor.position < input.insnCount { enterHome() }
    }

    /// Deletes up to an index: what lands there waits for the next thing that stands in the same subprogram.
    private mutating func delete(to end: InputIndex) {
        while cursor < end {
            if cursor.position == homeEnd { enterHome() }
            landings[cursor] = RangeReplacer.open
            wait(for: waiting[cursor])
            cursor = cursor + 1
            ahead = cursor
        }
        if cursor.position == homeEnd && cursor.position < input.insnCount { enterHome() }
    }

    /// Puts a chain of jumps in front of those that wait for what follows the deleted slots.
    private mutating func wait(for chain: UInt32) {
        if chain == RangeReplacer.none { return }
        var last = OutputIndex(rawValue: chain)
        while links[last] != RangeReplacer.none { last = OutputIndex(rawValue: links[last]) }
        links[last] = openChain
        openChain = chain
    }

    /// Notes that something of the subprogram at the cursor stands, from the next slot of the result on.
    @inline(__always)
    private mutating func stand() {
        if places[home] != RangeReplacer.nothing { return }
        places[home] = at.rawValue
        result.subprograms[TableIndex(subprogramCount)] = Subprogram(
            start: at.rawValue, id: input.subprograms[home].id)
        subprogramCount += 1
    }

    /// Leaves a subprogram: nothing more can stand for the deleted slots at its end.
    private mutating func closeHome() {
        if openChain != RangeReplacer.none {
            dangling = true
            openChain = RangeReplacer.none
        }
        while openStart < ahead {
            landings[openStart] = RangeReplacer.nothing
            openStart = openStart + 1
        }
    }

    /// Goes on into the subprogram that starts at the cursor.
    private mutating func enterHome() {
        closeHome()
        home = home + 1
        homeStart = homeEnd
        homeEnd = input.end(of: home)
    }

    // MARK: Landing

    /// Lets jumps to the slot ahead, and to the deleted ones before it, land on the next slot of the result.
    @inline(__always)
    private mutating func settle() {
        let chain = waiting[ahead]
        if chain != RangeReplacer.none { land(chain) }
        landings[ahead] = at.rawValue
        if openStart < ahead { closeOpen() }
        ahead = ahead + 1
        openStart = ahead
    }

    /// Lets jumps to deleted slots land on the next slot of the result.
    private mutating func closeOpen() {
        land(openChain)
        openChain = RangeReplacer.none
        while openStart < ahead {
            landings[openStart] = at.rawValue
            openStart = openStart + 1
        }
    }

    /// Points a chain of jumps to the next slot of the result.
    @inline(__always)
    private mutating func land(_ chain: UInt32) {
        var link = chain
        while link != RangeReplacer.none {
            let from = OutputIndex(rawValue: link)
            link = links[from]
            point(from, to: at.rawValue)
        }
    }

    /// Points a jump or call that stands in the result to a slot of it.
    @inline(__always)
    private mutating func point(_ from: OutputIndex, to landing: UInt32) {
        let insn = result.insns[from]
        let field = kinds.field(of: insn)
        let offset = Int(landing) &- from.position &- 1
        result.insns[from] = field.setting(offset, in: insn)
        overflow = overflow || !field.fits(offset)
    }

    /// Lets the instruction just written reach what stands for an input slot, now or later.
    @inline(__always)
    private mutating func aim(_ field: OffsetField, at target: InputIndex) {
        if field.isCall {
            calls[TableIndex(callCount)] = Call(from: at, callee: input.subprogram(holding: target))
            callCount += 1
        } else if target < ahead {
            switch landings[target] {
            case RangeReplacer.nothing: dangling = true
            case RangeReplacer.open:
                links[at] = openChain
                openChain = at.rawValue
            case let landing: point(at, to: landing)
            }
        } else {
            links[at] = waiting[target]
            waiting[target] = at.rawValue
        }
    }

    // MARK: Writing

    /// Copies one slot of the input to the result.
    @inline(__always)
    private mutating func copy(_ slot: InputIndex) {
        let insn = input.insns[slot]
        result.insns[at] = insn
        result.aux[at] = input.aux[slot]
        if kinds.count(insn) != 0 {
            let field = kinds.field(of: insn)
            aim(field, at: InputIndex(slot.position &+ 1 &+ field.offset(in: insn)))
        }
        at = at + 1
    }

    /// Writes a patch to the result.
    @inline(__always)
    private mutating func place(_ edit: EditRecord, of pass: PassImage) {
        let first = at
        var classes = JumpClasses()
        result.insns.suffix(from: at, as: PatchIndex.self).copyPatch(
            from: pass.patch(of: edit), count: edit.patchCount,
            clearing: result.aux.suffix(from: at, as: PatchIndex.self), &classes)
        if classes.mayJump || edit.refCount > 0 { aimPatch(edit, first, in: pass) }
        if edit.keep != EditRecord.noKeep {
            at = first + Int(edit.keep)
            for slot in 0..<Int(edit.remove) { copy(edit.off + slot) }
        } else if edit.remove > 0 {
            result.aux[first + (Int(edit.patchCount) - 1)] = input.aux[edit.off]
        }
        at = first + Int(edit.patchCount)
    }

    /// Lets the jumps and calls that a patch brings reach their targets.
    private mutating func aimPatch(_ edit: EditRecord, _ first: OutputIndex, in pass: PassImage) {
        let patch = pass.patch(of: edit)
        for position in 0..<Int(edit.patchCount) {
            let slot = PatchIndex(position)
            if kinds.count(patch[slot]) == 0 || edit.keeps(slot) { continue }
            at = first + position
            aim(patch[slot], at: slot, of: edit, in: pass)
        }
    }

    /// Lets a jump or call that a patch brings reach its target.
    private mutating func aim(
        _ insn: Instruction, at index: PatchIndex, of edit: EditRecord, in pass: PassImage
    ) {
        let field = kinds.field(of: insn)
        var target = edit.end
        if let ref = pass.target(of: index, in: edit) {
            target = ref
        } else if index.position &+ 1 &+ field.offset(in: insn) < Int(edit.patchCount)
            || (edit.isInsertion && edit.off.position < input.insnCount)
        {
            // Within the patch, or out of an insertion to what stands right behind it: as written.
            return
        }
        let isHome = field.isCall || (target.position >= homeStart && target.position < homeEnd)
        if !isHome || input.isSecondSlot(target) { dangling = true } else { aim(field, at: target) }
    }
}
