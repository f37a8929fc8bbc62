import BPF

/// One pass over a program and its edits, for designs that copy once: lays out the result, and fixes the jumps that it met on
/// the way by a record of where slots have gone.
///
/// Jumps are listed without a branch and fixed in blocks, while what they point from and to is still in the cache.
struct LayoutSweep<Landings: LandingRecord> {
    /// After how many edits jumps are fixed: seldom, as stopping costs more than what has left the nearest cache.
    private static var block: Int { 4096 }
    /// How many edits make a pass a long one.
    private static var long: Int { 64 }
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
    var isWhole = true
    /// Whether an offset does not fit.
    private var overflows = false

    init(
        pass: PassImage, input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>, landings: Landings,
        jumps: Row<TableIndex, ListedJump>
    ) {
        source = EditedProgram(input: input, pass: pass)
        self.result = result
        kinds = JumpKindTable.shared.view
        self.jumps = jumps
        self.landings = landings
    }

    /// Carries out the pass and says what became of it.
    ///
    /// - Parameter output: where the result is, with room for all of it
    @inline(__always)
    mutating func run(into output: ProgramBuffer) -> PatchStatus {
        layOut()
        let status: PatchStatus = isWhole ? overflows ? .erange : .accepted : .einval
        return output.conclude(pass, on: input, status, insns: at.position, subprograms: moveSubprograms())
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
        let isLong = pass.editCount >= LayoutSweep.long
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
        var classes = JumpClasses()
        result.insns.suffix(from: at, as: PatchIndex.self).copyPatch(
            from: pass.patch(of: edit), count: edit.patchCount,
            clearing: result.aux.suffix(from: at, as: PatchIndex.self), &classes)
        at = at + Int(edit.patchCount)
        if classes.mayJump || edit.refCount > 0 { listJumps(of: edit, first) }
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
