import BPF

/// A jump or call of the result whose offset still counts from slot `from` of the input.
///
/// One word, so that it is written by one store.
struct ListedJump: BitwiseCopyable {
    private let bits: UInt64

    @inline(__always)
    init(at: OutputIndex, from: InputIndex) { bits = UInt64(at.rawValue) | UInt64(from.rawValue) &<< 32 }

    @inline(__always)
    var at: OutputIndex { OutputIndex(rawValue: UInt32(truncatingIfNeeded: bits)) }

    /// The input slot from which the offset counts; may wrap for a jump of a patch.
    @inline(__always)
    var from: InputIndex { InputIndex(rawValue: UInt32(truncatingIfNeeded: bits &>> 32)) }
}

/// One pass over a program and its edits: lays out the result, and fixes the listed jumps by a map of the input slots.
///
/// Jumps are listed without a branch and fixed in blocks, while their places and targets are in the cache.
struct SinglePassRelocator {
    /// The number of edits after which jumps are fixed. A smaller block costs more than the L1 misses that it saves.
    private static let block = 4096
    /// The number of edits from which on a pass is long.
    private static let long = 64

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let kinds = JumpKindTable.shared.view
    let jumps: UnsafeTypedBuffer<TableIndex, ListedJump>
    /// The places of the input slots.
    var map: JumpTargetMap
    var jumpCount = 0
    /// The number of jumps that have their final offsets.
    private var fixedCount = 0
    /// The slot of the result that is written next.
    var at = OutputIndex(0)
    /// False after a jump without a target in the result.
    var isWhole = true
    /// True after an offset that does not fit.
    private var overflows = false

    init(
        pass: PassImage, input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>, map: JumpTargetMap,
        jumps: UnsafeTypedBuffer<TableIndex, ListedJump>
    ) {
        self.pass = pass
        self.input = input
        self.result = result
        self.map = map
        self.jumps = jumps
    }

    /// Carries out the pass and returns its outcome.
    ///
    /// - Parameter output: the buffer of the result, with room for all of it
    @inline(__always)
    mutating func run(into output: ProgramBuffer) -> PatchStatus {
        layOut()
        let status: PatchStatus = isWhole ? overflows ? .erange : .accepted : .einval
        return output.conclude(pass, on: input, status, insns: at.position, subprograms: moveSubprograms())
    }

    // MARK: The layout

    /// Lays the program out and fixes its jumps.
    @inline(__always)
    private mutating func layOut() {
        var from = InputIndex(0)
        var number = TableIndex(0)
        let end = TableIndex(pass.editCount)
        let isLong = pass.editCount >= SinglePassRelocator.long
        while true {
            // Fix jumps while both their slots and their targets are in the cache.
            let stop = min(end, number + SinglePassRelocator.block)
            while number < stop {
                let edit = unsafe pass.edits[number]
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
                    map.delete(edit, number, at: at, in: pass, on: input)
                } else {
                    let first = at
                    place(edit)
                    if edit.remove > 0 {
                        map.replace(edit, at: first)
                        replace(edit, first)
                    } else if edit.off.position < input.insnCount {
                        from = edit.off + 1
                        copy(from: edit.off, to: from)
                        map.insert(edit, at: first)
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

    /// Copies the slots of the input between two edits.
    @inline(__always)
    private mutating func copy(from start: InputIndex, to end: InputIndex) {
        // Local copies stay in registers; fields would be loaded again after each store.
        let (kinds, map, jumps) = (kinds, map, jumps)
        let (inputInsns, inputAux, insns, aux) = (input.insns, input.aux, result.insns, result.aux)
        var (from, at, listed) = (start, self.at, TableIndex(jumpCount))
        while from < end {
            let insn = unsafe inputInsns[from]
            unsafe insns[at] = insn
            unsafe aux[at] = inputAux[from]
            map.copy(from, at: at)
            // Written unconditionally, counted if it is a jump: a branch would be unpredictable.
            unsafe jumps[listed] = ListedJump(at: at, from: from)
            listed = listed + kinds.count(insn)
            at = at + 1
            from = from + 1
        }
        jumpCount = listed.position
        self.at = at
    }

    /// Writes a patch as it is, placeholders included.
    @inline(__always)
    private mutating func place(_ edit: EditRecord) {
        let first = at
        var classes = JumpClasses()
        unsafe result.insns.suffix(from: at, as: PatchIndex.self).copyPatch(
            from: pass.patch(of: edit), count: edit.patchCount,
            clearing: result.aux.suffix(from: at, as: PatchIndex.self), &classes)
        at = at + Int(edit.patchCount)
        if classes.mayJump || edit.refCount > 0 { listJumps(of: edit, first) }
    }

    /// Writes the kept instruction over its placeholder, and moves the aux words.
    @inline(__always)
    private mutating func replace(_ edit: EditRecord, _ first: OutputIndex) {
        if edit.keep == EditRecord.noKeep {
            unsafe result.aux[at + -1] = input.aux[edit.off]
            return
        }
        let insn = unsafe input.insns[edit.off]
        let kept = first + Int(edit.keep)
        unsafe result.insns[kept] = insn
        unsafe result.aux[kept] = input.aux[edit.off]
        unsafe jumps[TableIndex(jumpCount)] = ListedJump(at: kept, from: edit.off)
        jumpCount &+= kinds.count(insn)
        if edit.remove > 1 {
            unsafe result.insns[kept + 1] = input.insns[edit.off + 1]
            unsafe result.aux[kept + 1] = input.aux[edit.off + 1]
        }
    }

    // MARK: The jumps

    /// Points listed jumps and calls to the places of their targets, up to the first whose target is ahead.
    @inline(__always)
    private mutating func fixJumps(before limit: InputIndex) {
        let (kinds, map, jumps, insns, count) = (kinds, map, jumps, result.insns, jumpCount)
        var (fixed, isWhole, overflows) = (fixedCount, self.isWhole, self.overflows)
        while fixed < count {
            let jump = unsafe jumps[TableIndex(fixed)]
            let insn = unsafe insns[jump.at]
            let field = kinds.field(of: insn)
            let target = InputIndex(
                rawValue: jump.from.rawValue &+ 1 &+ UInt32(truncatingIfNeeded: field.offset(in: insn)))
            if target >= limit { break }
            let landing = map.landing(of: target, isCall: field.isCall)
            let distance = Int(landing) &- jump.at.position &- 1
            isWhole = isWhole && landing != JumpTargetMap.nothing
            overflows = overflows || !field.fits(distance)
            unsafe insns[jump.at] = field.setting(distance, in: insn)
            fixed &+= 1
        }
        fixedCount = fixed
        self.isWhole = isWhole
        self.overflows = overflows
    }

    // MARK: The tables

    /// Writes the subprogram starts, and returns the number of subprograms that are left.
    @inline(__always)
    func moveSubprograms() -> Int {
        var kept = 0
        for number in 0..<input.subprogramCount {
            let subprogram = unsafe input.subprograms[TableIndex(number)]
            let landing = map.landing(of: InputIndex(rawValue: subprogram.start), isCall: true)
            if landing == JumpTargetMap.nothing { continue }
            unsafe result.subprograms[TableIndex(kept)] = Subprogram(start: landing, id: subprogram.id)
            kept &+= 1
        }
        return kept
    }
}
