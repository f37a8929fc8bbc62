import BPF

/// One pass of ``IndexMap``: lays out the result, then fixes the jumps that were met on the way.
struct IndexMapSweep {
    /// A jump or call of the program that stands in the result.
    struct Jump: BitwiseCopyable {
        var at: OutputIndex
        var from: InputIndex
    }

    /// A jump or call that a patch brings.
    struct PatchJump: BitwiseCopyable {
        var at: OutputIndex
        var edit: TableIndex
        var slot: PatchIndex
    }

    /// An insertion that jumps go past: where they land, and how far in front of it calls do.
    struct Skip: BitwiseCopyable {
        var landing: UInt32
        var count: UInt32
    }

    /// Memory that a sweep works in, kept for the whole run.
    struct Workspace: ~Copyable {
        fileprivate var landings = RowStorage<UInt32>()
        fileprivate var jumps = RowStorage<Jump>()
        fileprivate var patchJumps = RowStorage<PatchJump>()
        fileprivate var skips = RowStorage<Skip>()
        fileprivate let kinds = JumpKindTable()

        /// Makes room for a program and a pass; a list has one row more than can count.
        mutating func reserve(_ input: ProgramImage<InputIndex>, patchSlots: Int) {
            landings.reserve(input.insnCount)
            jumps.reserve(input.insnCount + 1)
            patchJumps.reserve(patchSlots + 1)
            skips.reserve(patchSlots + 1)
        }
    }

    /// In ``landings``: nothing stands for this slot.
    private static let nothing = UInt32.max

    private let pass: PassImage
    private let input: ProgramImage<InputIndex>
    private let result: ProgramImage<OutputIndex>
    private let kinds: JumpKindTable.View
    /// The map: where jumps to each slot of the input land.
    private let landings: Row<InputIndex, UInt32>
    private let jumps: Row<TableIndex, Jump>
    private let patchJumps: Row<TableIndex, PatchJump>
    private let skips: Row<TableIndex, Skip>
    private var jumpCount = 0
    private var patchJumpCount = 0
    private var skipCount = 0
    /// The slot of the result that is written next.
    private var at = OutputIndex(0)
    /// Where the last deletions side by side end, and where jumps to them land if that is in their subprogram.
    private var runEnd = InputIndex(0)
    private var runLanding: UInt32 = 0
    /// Whether an offset does not fit.
    private(set) var overflows = false

    /// How many slots the result has so far.
    var count: Int { at.position }

    init(
        pass: PassImage, input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>, work: borrowing Workspace
    ) {
        self.pass = pass
        self.input = input
        self.result = result
        kinds = work.kinds.view
        landings = work.landings.row()
        jumps = work.jumps.row()
        patchJumps = work.patchJumps.row()
        skips = work.skips.row()
    }

    // MARK: The layout

    /// Writes the result with the offsets that its jumps had, and the map.
    @inline(__always)
    mutating func layOut() {
        var from = InputIndex(0)
        var number = TableIndex(0)
        let end = TableIndex(pass.editCount)
        while number < end {
            let edit = pass.edits[number]
            copy(from: from, to: edit.off)
            from = edit.end
            if edit.isDeletion {
                delete(edit, number)
            } else {
                let first = at
                place(edit, number)
                if edit.remove == 0 {
                    if edit.off.position < input.insnCount {
                        from = edit.off + 1
                        stand(edit, behind: first)
                    }
                } else {
                    replace(edit, first)
                }
            }
            number = number + 1
        }
        copy(from: from, to: InputIndex(input.insnCount))
    }

    /// Copies slots of the input that stand.
    @inline(__always)
    private mutating func copy(from start: InputIndex, to end: InputIndex) {
        var from = start
        while from < end {
            let insn = input.insns[from]
            result.insns[at] = insn
            result.aux[at] = input.aux[from]
            landings[from] = at.rawValue
            // Written in any case, counted when it is a jump: no branch to mispredict.
            jumps[TableIndex(jumpCount)] = Jump(at: at, from: from)
            jumpCount &+= kinds.count(insn)
            at = at + 1
            from = from + 1
        }
    }

    /// Lets what was deleted land on what follows it in the same subprogram.
    private mutating func delete(_ edit: EditRecord, _ number: TableIndex) {
        if edit.off >= runEnd { measureRun(from: number) }
        var slot = edit.off
        while slot < edit.end {
            let home = input.end(of: input.subprogram(holding: slot))
            let landing = runEnd.position < home ? runLanding : IndexMapSweep.nothing
            let stop = InputIndex(min(home, edit.end.position))
            while slot < stop {
                landings[slot] = landing
                slot = slot + 1
            }
        }
    }

    /// Finds what follows deletions side by side, which land alike.
    private mutating func measureRun(from first: TableIndex) {
        var number = first
        runEnd = pass.edits[first].end
        runLanding = at.rawValue
        while number.position + 1 < pass.editCount {
            number = number + 1
            let next = pass.edits[number]
            if next.off != runEnd { return }
            if !next.isDeletion {
                if next.skip { runLanding &+= next.patchCount }
                return
            }
            runEnd = next.end
        }
    }

    /// Writes a patch as it is, placeholders included.
    @inline(__always)
    private mutating func place(_ edit: EditRecord, _ number: TableIndex) {
        let patch = pass.patch(of: edit)
        let keptWidth = edit.keep == EditRecord.noKeep ? 0 : edit.remove
        var slot = PatchIndex(0)
        while slot.rawValue < edit.patchCount {
            let insn = patch[slot]
            result.insns[at] = insn
            result.aux[at] = 0
            patchJumps[TableIndex(patchJumpCount)] = PatchJump(at: at, edit: number, slot: slot)
            // What a placeholder holds is no jump.
            let isOwn = slot.rawValue &- edit.keep < keptWidth ? 0 : 1
            patchJumpCount &+= kinds.count(insn) & isOwn
            at = at + 1
            slot = slot + 1
        }
    }

    /// Puts the instruction before which code was inserted behind that code.
    @inline(__always)
    private mutating func stand(_ edit: EditRecord, behind first: OutputIndex) {
        copy(from: edit.off, to: edit.off + 1)
        if edit.skip {
            skips[TableIndex(skipCount)] = Skip(landing: at.rawValue &- 1, count: edit.patchCount)
            skipCount &+= 1
        } else {
            landings[edit.off] = first.rawValue
        }
    }

    /// Lets jumps to a replaced range land on its patch, and puts back what is kept.
    @inline(__always)
    private mutating func replace(_ edit: EditRecord, _ first: OutputIndex) {
        landings[edit.off] = first.rawValue
        var inside = edit.off + 1
        while inside < edit.end {
            landings[inside] = IndexMapSweep.nothing
            inside = inside + 1
        }
        if edit.keep == EditRecord.noKeep {
            result.aux[at + -1] = input.aux[edit.off]
            return
        }
        let insn = input.insns[edit.off]
        let kept = first + Int(edit.keep)
        result.insns[kept] = insn
        result.aux[kept] = input.aux[edit.off]
        jumps[TableIndex(jumpCount)] = Jump(at: kept, from: edit.off)
        jumpCount &+= kinds.count(insn)
        if edit.remove > 1 {
            result.insns[kept + 1] = input.insns[edit.off + 1]
            result.aux[kept + 1] = input.aux[edit.off + 1]
        }
    }

    // MARK: The jumps

    /// Points all jumps and calls to what stands for their targets; says whether something does for each.
    @inline(__always)
    mutating func fixJumps() -> Bool {
        var isWhole = true
        for number in 0..<jumpCount {
            let jump = jumps[TableIndex(number)]
            let insn = result.insns[jump.at]
            let field = OffsetField(insn.code)
            let target = InputIndex(rawValue: jump.from.rawValue &+ 1 &+ field.offset(in: insn))
            var landing = landings[target]
            if skipCount > 0 && insn.jumpKind.isCall { landing = callLanding(landing) }
            if landing == IndexMapSweep.nothing { isWhole = false }
            point(jump.at, insn, field, to: landing)
        }
        for number in 0..<patchJumpCount {
            if !fixPatchJump(patchJumps[TableIndex(number)]) { isWhole = false }
        }
        return isWhole
    }

    /// Where the offset of a jump or call is in the eight bytes of its instruction.
    private struct OffsetField {
        /// How far to shift left to make the field the top of 64 bits.
        let above: UInt64
        /// How wide everything but the field is, in bits.
        let others: UInt64

        @inline(__always)
        init(_ code: UInt8) {
            let isLong = code == Opcode.gotol || code == Opcode.call || code == Opcode.loadImmediate64
            above = isLong ? 0 : 32
            others = isLong ? 32 : 48
        }

        @inline(__always)
        func offset(in insn: Instruction) -> UInt32 {
            let bits = Int64(bitPattern: insn.bits &<< above)
            return UInt32(truncatingIfNeeded: bits &>> Int64(bitPattern: others))
        }
    }

    /// Points a jump or call that stands in the result to a slot of it.
    @inline(__always)
    private mutating func point(_ place: OutputIndex, _ insn: Instruction, _ field: OffsetField, to landing: UInt32) {
        let offset = Int64(landing) &- Int64(place.rawValue) &- 1
        let top = UInt64(bitPattern: offset) &<< field.others
        if Int64(bitPattern: top) &>> Int64(bitPattern: field.others) != offset { overflows = true }
        let mask = (UInt64.max &<< field.others) &>> field.above
        result.insns[place] = Instruction(bits: insn.bits & ~mask | top &>> field.above)
    }

    /// Where calls enter what jumps reach: in front of code that only jumps go past.
    private func callLanding(_ landing: UInt32) -> UInt32 {
        var low = 0
        var high = skipCount
        while low < high {
            let middle = (low &+ high) &>> 1
            if skips[TableIndex(middle)].landing < landing { low = middle &+ 1 } else { high = middle }
        }
        if low == skipCount { return landing }
        let skip = skips[TableIndex(low)]
        return skip.landing == landing ? landing &- skip.count : landing
    }

    /// Fixes a jump or call that a patch brings; says whether something stands for its target.
    private mutating func fixPatchJump(_ jump: PatchJump) -> Bool {
        let edit = pass.edits[jump.edit]
        let insn = result.insns[jump.at]
        let kind = insn.jumpKind
        var target = edit.end
        if let ref = pass.target(of: jump.slot, in: edit) {
            target = ref
        } else if jump.slot.position &+ 1 &+ insn.jumpOffset(kind) < Int(edit.patchCount)
            || (edit.isInsertion && edit.off.position < input.insnCount)
        {
            // Within the patch, or out of an insertion to what stands right behind it: as written.
            return true
        }
        if target.position >= input.insnCount || input.isSecondSlot(target) { return false }
        var landing = landings[target]
        if kind.isCall {
            landing = callLanding(landing)
        } else {
            let home = input.subprogram(
                holding: edit.off.position < input.insnCount ? edit.off : InputIndex(input.insnCount - 1))
            if target.rawValue < input.subprograms[home].start || target.position >= input.end(of: home) { return false }
        }
        if landing == IndexMapSweep.nothing { return false }
        point(jump.at, insn, OffsetField(insn.code), to: landing)
        return true
    }

    // MARK: The tables

    /// Moves subprogram starts to what stands for them and says how many still do.
    @inline(__always)
    func moveSubprograms() -> Int {
        var kept = 0
        for number in 0..<input.subprogramCount {
            let subprogram = input.subprograms[TableIndex(number)]
            var landing = landings[InputIndex(rawValue: subprogram.start)]
            if landing == IndexMapSweep.nothing { continue }
            if skipCount > 0 { landing = callLanding(landing) }
            result.subprograms[TableIndex(kept)] = Subprogram(start: landing, id: subprogram.id)
            kept &+= 1
        }
        return kept
    }
}
