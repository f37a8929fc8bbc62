import BPF

/// One pass over a program and its edits, for designs that copy once: lays out the result, and fixes the jumps that it met on
/// the way by a record of where slots have gone.
///
/// Jumps are listed without a branch and fixed in blocks, while what they point from and to is still in the cache.
struct LayoutSweep<Landings: LandingRecord> {
    /// After how many edits jumps are fixed.
    private static var block: Int { 512 }
    private let source: EditedProgram
    let result: ProgramImage<OutputIndex>
    let kinds: JumpKindTable.View
    let jumps: Row<TableIndex, ListedJump>
    /// Where slots of the input have gone.
    var landings: Landings
    var jumpCount = 0
    /// How many of the jumps point to where they land already.
    private var fixedCount = 0
    /// The slot of the result that is written next.
    var at = OutputIndex(0)
    /// Whether something stands for the target of every jump.
    private var isWhole = true
    /// Whether an offset does not fit.
    private var overflows = false

    init(
        pass: PassImage, input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>, landings: Landings,
        work: borrowing LayoutWorkspace
    ) {
        source = EditedProgram(input: input, pass: pass)
        self.result = result
        kinds = work.kinds
        jumps = work.jumps
        self.landings = landings
    }

    /// Carries out the pass and says what became of it.
    ///
    /// - Parameter output: where the result is, with room for all of it
    @inline(__always)
    mutating func run(into output: ProgramBuffer) -> PatchStatus {
        layOut()
        if !isWhole { return .einval }
        output.insnCount = at.position
        output.subprogramCount = moveSubprograms()
        if output.insnCount == 0 || output.subprogramCount == 0 { return .einval }
        if overflows { return .erange }
        output.lineCount = LineTable.relocate(
            input.lines, count: input.lineCount, insnCount: input.insnCount, by: pass, into: result.lines)
        return .accepted
    }

    var pass: PassImage { source.pass }
    var input: ProgramImage<InputIndex> { source.input }

    // MARK: The layout

    /// Lays the program out and fixes its jumps.
    @inline(__always)
    private mutating func layOut() {
        var from = InputIndex(0)
        var number = TableIndex(0)
        let end = TableIndex(pass.editCount)
        let isLong = pass.editCount >= LayoutSweep.block
        while true {
            // Jumps are fixed while what they point from and to is still in the cache.
            let stop = min(end, number + LayoutSweep.block)
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
                    landings.delete(edit, number, at: at, in: source)
                } else {
                    let first = at
                    place(edit)
                    if edit.remove > 0 {
                        landings.replace(edit, number, at: first)
                        replace(edit, first)
                    } else if edit.off.position < input.insnCount {
                        from = edit.off + 1
                        copy(from: edit.off, to: from)
                        landings.insert(edit, number, at: first)
                    }
                }
                number = number + 1
            }
            if number == end { break }
            fixJumps(before: from, count: number.position)
        }
        copy(from: from, to: InputIndex(input.insnCount))
        fixJumps(before: InputIndex(input.insnCount), count: pass.editCount)
    }

    /// Copies slots of the input that stand.
    @inline(__always)
    private mutating func copy(from start: InputIndex, to end: InputIndex) {
        var from = start
        while from < end {
            let insn = input.insns[from]
            result.insns[at] = insn
            result.aux[at] = input.aux[from]
            landings.stand(from, at: at)
            // Written in any case, counted when it is a jump: no branch to mispredict.
            jumps[TableIndex(jumpCount)] = ListedJump(at: at, from: from)
            jumpCount &+= kinds.count(insn)
            at = at + 1
            from = from + 1
        }
    }

    /// Writes a patch as it is, placeholders included.
    @inline(__always)
    private mutating func place(_ edit: EditRecord) {
        let first = at
        let classes = result.insns.suffix(from: at, as: PatchIndex.self).copyPatch(
            from: pass.patch(of: edit), count: edit.patchCount,
            clearing: result.aux.suffix(from: at, as: PatchIndex.self))
        at = at + Int(edit.patchCount)
        if classes != 0 || edit.refCount > 0 { listJumps(of: edit, first) }
    }

    /// Lists the jumps and calls of a patch that reach for slots of the input.
    @inline(never)
    mutating func listJumps(of edit: EditRecord, _ first: OutputIndex) {
        let patch = pass.patch(of: edit)
        var slot = PatchIndex(0)
        while slot.rawValue < edit.patchCount {
            let insn = patch[slot]
            if kinds.count(insn) != 0 && !edit.keeps(slot) { listJump(insn, at: slot, of: edit, first) }
            slot = slot + 1
        }
    }

    /// Lists a jump or call of a patch, if it reaches for a slot of the input.
    private mutating func listJump(_ insn: Instruction, at slot: PatchIndex, of edit: EditRecord, _ first: OutputIndex)
    {
        let kind = insn.jumpKind
        let offset = insn.jumpOffset(kind)
        var target = edit.end
        if let ref = pass.target(of: slot, in: edit) {
            target = ref
        } else if slot.position &+ 1 &+ offset < Int(edit.patchCount)
            || (edit.isInsertion && edit.off.position < input.insnCount)
        {
            // Within the patch, or out of an insertion to what stands right behind it: as written.
            return
        }
        if target.position >= input.insnCount || input.isSecondSlot(target)
            || !(kind.isCall || isHome(target, of: edit))
        {
            isWhole = false
            return
        }
        let from = InputIndex(rawValue: target.rawValue &- 1 &- UInt32(truncatingIfNeeded: offset))
        jumps[TableIndex(jumpCount)] = ListedJump(at: first + slot.position, from: from)
        jumpCount &+= 1
    }

    /// Whether a slot is in the subprogram that the jumps of a patch may not leave.
    private func isHome(_ target: InputIndex, of edit: EditRecord) -> Bool {
        let home = input.subprogram(
            holding: edit.off.position < input.insnCount ? edit.off : InputIndex(input.insnCount - 1))
        return target.rawValue >= input.subprograms[home].start && target.position < input.end(of: home)
    }

    /// Puts back what a patch keeps of what it replaces.
    @inline(__always)
    private mutating func replace(_ edit: EditRecord, _ first: OutputIndex) {
        if edit.keep == EditRecord.noKeep {
            result.aux[at + -1] = input.aux[edit.off]
            return
        }
        let insn = input.insns[edit.off]
        let kept = first + Int(edit.keep)
        result.insns[kept] = insn
        result.aux[kept] = input.aux[edit.off]
        jumps[TableIndex(jumpCount)] = ListedJump(at: kept, from: edit.off)
        jumpCount &+= kinds.count(insn)
        if edit.remove > 1 {
            result.insns[kept + 1] = input.insns[edit.off + 1]
            result.aux[kept + 1] = input.aux[edit.off + 1]
        }
    }

    // MARK: The jumps

    /// Points listed jumps and calls to what stands for their targets, up to the first whose target lies ahead.
    @inline(__always)
    private mutating func fixJumps(before limit: InputIndex, count: Int) {
        landings.ask(before: limit, count: count, in: source)
        while fixedCount < jumpCount {
            let jump = jumps[TableIndex(fixedCount)]
            let insn = result.insns[jump.at]
            let field = kinds.field(of: insn)
            let target = InputIndex(
                rawValue: jump.from.rawValue &+ 1 &+ UInt32(truncatingIfNeeded: field.offset(in: insn)))
            if target >= limit { break }
            let landing = landings.landing(of: target, isCall: field.isCall, in: source)
            let distance = Int(landing) &- jump.at.position &- 1
            isWhole = isWhole && landing != Landings.nothing
            overflows = overflows || !field.fits(distance)
            result.insns[jump.at] = field.setting(distance, in: insn)
            fixedCount &+= 1
        }
    }

    // MARK: The tables

    /// Moves subprogram starts to what stands for them and says how many still do.
    @inline(__always)
    func moveSubprograms() -> Int {
        var kept = 0
        for number in 0..<input.subprogramCount {
            let subprogram = input.subprograms[TableIndex(number)]
            let landing = landings.landing(of: InputIndex(rawValue: subprogram.start), isCall: true, in: source)
            if landing == Landings.nothing { continue }
            result.subprograms[TableIndex(kept)] = Subprogram(start: landing, id: subprogram.id)
            kept &+= 1
        }
        return kept
    }
}
