import BPF

/// One pass of ``IndexMap``: lays out the result, then fixes the jumps that were met on the way.
struct IndexMapSweep {
    /// A jump or call of the result, with the offset that it had at `from`; one word, written at once.
    struct Jump: BitwiseCopyable {
        private let bits: UInt64

        @inline(__always)
        init(at: OutputIndex, from: InputIndex) { bits = UInt64(at.rawValue) | UInt64(from.rawValue) &<< 32 }

        @inline(__always)
        var at: OutputIndex { OutputIndex(rawValue: UInt32(truncatingIfNeeded: bits)) }

        /// The slot of the input from which its offset counts; may wrap for a jump of a patch.
        @inline(__always)
        var from: InputIndex { InputIndex(rawValue: UInt32(truncatingIfNeeded: bits &>> 32)) }
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
        fileprivate var skips = RowStorage<Skip>()
        fileprivate let kinds = JumpKindTable()

        /// Makes room for a program and a pass; a list has one row more than can count.
        mutating func reserve(_ input: ProgramImage<InputIndex>, patchSlots: Int) {
            landings.reserve(input.insnCount)
            jumps.reserve(input.insnCount + patchSlots + 1)
            skips.reserve(patchSlots + 1)
        }
    }

    /// After how many edits jumps are fixed: seldom, as stopping costs more than what has left the nearest cache.
    private static let block = 4096
    /// How many edits make a pass a long one.
    private static let long = 64
    /// In ``landings``: nothing stands for this slot.
    private static let nothing = UInt32.max

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let kinds: JumpKindTable.View
    /// The map: where jumps to each slot of the input land.
    let landings: Row<InputIndex, UInt32>
    let jumps: Row<TableIndex, Jump>
    private let skips: Row<TableIndex, Skip>
    var jumpCount = 0
    /// How many of the jumps point to where they land already.
    private var fixedCount = 0
    private var skipCount = 0
    /// The slot of the result that is written next.
    var at = OutputIndex(0)
    /// Where the last deletions side by side end, and where jumps to them land if that is in their subprogram.
    private var runEnd = InputIndex(0)
    private var runLanding: UInt32 = 0
    /// Whether something stands for the target of every jump.
    var isWhole = true
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
        skips = work.skips.row()
    }

    // MARK: The layout

    /// Lays the program out and fixes its jumps.
    @inline(__always)
    mutating func run() {
        var from = InputIndex(0)
        var number = TableIndex(0)
        let end = TableIndex(pass.editCount)
        let isLong = pass.editCount >= IndexMapSweep.long
        while true {
            // Jumps are fixed while what they point from and to is still in the cache.
            let stop = min(end, number + IndexMapSweep.block)
            while number < stop {
                let edit = pass.edits[number]
                copy(from: from, to: edit.off)
                from = edit.off
                if isLong {
                    let next = layOutKept(from: &from, number, before: stop)
                    if next > number {
                        number = next
                        continue
                    }
                }
                from = edit.end
                if edit.isDeletion {
                    delete(edit, number)
                } else {
                    let first = at
                    place(edit)
                    if edit.remove > 0 {
                        replace(edit, first)
                    } else if edit.off.position < input.insnCount {
                        from = edit.off + 1
                        stand(edit, behind: first)
                    }
                }
                number = number + 1
            }
            if number == end { break }
            fixJumps(before: from)
        }
        copy(from: from, to: InputIndex(input.insnCount))
        fixJumps(before: InputIndex(input.insnCount))
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
    private mutating func place(_ edit: EditRecord) {
        let first = at
        var classes = JumpClasses()
        result.insns.suffix(from: at, as: PatchIndex.self).copyPatch(
            from: pass.patch(of: edit), count: edit.patchCount,
            clearing: result.aux.suffix(from: at, as: PatchIndex.self), &classes)
        at = at + Int(edit.patchCount)
        if classes.mayJump || edit.refCount > 0 { listJumps(of: edit, first) }
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

    /// Points listed jumps and calls to what stands for their targets, up to the first whose target lies ahead.
    @inline(__always)
    private mutating func fixJumps(before limit: InputIndex) {
        while fixedCount < jumpCount {
            let jump = jumps[TableIndex(fixedCount)]
            let insn = result.insns[jump.at]
            let field = kinds.field(of: insn)
            let target = InputIndex(
                rawValue: jump.from.rawValue &+ 1 &+ UInt32(truncatingIfNeeded: field.offset(in: insn)))
            if target >= limit { break }
            var landing = landings[target]
            if skipCount > 0 && field.isCall { landing = callLanding(landing) }
            let distance = Int(landing) &- jump.at.position &- 1
            isWhole = isWhole && landing != IndexMapSweep.nothing
            overflows = overflows || !field.fits(distance)
            result.insns[jump.at] = field.setting(distance, in: insn)
            fixedCount &+= 1
        }
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
