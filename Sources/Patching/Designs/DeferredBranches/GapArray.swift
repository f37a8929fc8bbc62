import BPF

/// The array of instructions with a gap that travels: what edits have passed stands in front of it, in the result, and what
/// they have not reached behind it, where the input has it.
struct GapArray {
    private let patches: PatchWriter
    private let edits: DeferredEdits
    private var jumps: StandingJumps
    /// Where the gap starts.
    private var at = OutputIndex(0)
    /// The first slot behind the gap.
    private var from = InputIndex(0)
    private var dangling = false
    private var overflow = false
    /// Whether the gap was too small; the array is good for nothing then.
    private(set) var isFull = false

    init(patches: PatchWriter, edits: DeferredEdits, jumps: StandingJumps) {
        self.patches = patches
        self.edits = edits
        self.jumps = jumps
    }

    /// How many slots stand in front of the gap.
    var count: Int { at.position }

    // MARK: Patching

    /// The array after all edits.
    ///
    /// - Complexity: O(slots + edits)
    func patched() -> GapArray {
        // Work on a copy, which the compiler can keep in registers.
        var array = self
        for number in 0..<patches.pass.editCount {
            let edit = TableIndex(rawValue: UInt32(truncatingIfNeeded: number))
            array.moveGap(to: patches.pass.edits[edit].off)
            if patches.pass.edits[edit].isDeletion {
                edits.forget(patches.pass.edits[edit], number: number)
            } else {
                if !patches.holds(edit, at: array.at, from: array.from) {
                    array.isFull = true
                    return array
                }
                array.patch(edit)
            }
            array.from = patches.pass.edits[edit].end
            edits.remember(patches.pass.edits[edit], number: number)
        }
        array.moveGap(to: InputIndex(patches.input.insnCount))
        return array
    }

    /// Moves what stands between the gap and an index to its front.
    @inline(__always)
    private mutating func moveGap(to end: InputIndex) {
        while from < end {
            let insn = patches.input.insns.bits(at: from)
            patches.result.insns.setBits(insn, at: at)
            patches.result.aux[at] = patches.input.aux[from]
            note(insn, from, at: at)
            at = at + 1
            from = from + 1
        }
    }

    /// Notes an instruction of the input if it is a branch; its goal is counted from where it stood.
    @inline(__always)
    private mutating func note(_ insn: UInt64, _ slot: InputIndex, at place: OutputIndex) {
        jumps.note(insn, at: place, goal: slot.rawValue, isJump: jumps.form(of: insn).isJump(insn))
    }

    /// Puts a patch into the gap.
    @inline(__always)
    private mutating func patch(_ edit: TableIndex) {
        let records = patches.pass.edits
        patches.write(edit, at: at)
        if records[edit].remove > 0 {
            if records[edit].keep != EditRecord.noKeep {
                let place = patches.writeKept(edit, at: at)
                note(patches.input.insns.bits(at: records[edit].off), records[edit].off, at: place)
            } else {
                patches.writeWord(edit, at: at)
            }
            if records[edit].remove > 1 {
                patches.writeSecondKept(edit, at: at)
                edits.holes.insert(from: records[edit].off + 1, to: records[edit].end)
            }
        } else if records[edit].skip {
            edits.holes.insert(records[edit].off)
            let fits = patches.leaving.skip(edit, at: at, in: patches.result.insns)
            overflow = overflow || !fits
        }
        if records[edit].refCount > 0 {
            for number in 0..<records[edit].refCount {
                note(patches.pass.refs[records[edit].refStart + Int(number)], of: edit)
            }
        }
        at = at + Int(records[edit].patchCount)
    }

    /// Notes a jump or call that reaches the input by a ref.
    @inline(__always)
    private mutating func note(_ ref: Ref, of edit: TableIndex) {
        let insn = patches.pass.patches.bits(at: patches.pass.edits[edit].patchStart + ref.from.position)
        let form = jumps.form(of: insn)
        let isThere = patches.leads(ref, of: edit, isCall: form.isCall)
        dangling = dangling || !isThere
        // The slot from which the placeholder's offset, whatever it is, leads to the target.
        let slot = ref.to.rawValue &- 1 &- UInt32(truncatingIfNeeded: form.offset(of: insn))
        jumps.note(insn, at: at + ref.from.position, goal: slot, isJump: isThere)
    }

    // MARK: The end of the pass

    /// Writes the subprograms that stand and says how many there are.
    ///
    /// - Complexity: O(subprograms + edits)
    mutating func relocateSubprograms() -> Int {
        edits.close()
        let input = patches.input
        let leaving = patches.leaving
        var kept = 0
        for number in 0..<input.subprogramCount {
            let subprogram = input.subprograms[TableIndex(number)]
            let start = edits.landing(of: InputIndex(rawValue: subprogram.start), isCall: true)
            patches.result.subprograms[TableIndex(kept)] = Subprogram(
                start: UInt32(truncatingIfNeeded: start), id: subprogram.id)
            kept &+= start < 0 ? 0 : 1
            let end = input.end(of: TableIndex(number))
            let before = edits.starts.count(through: InputIndex(end) + -1)
            dangling = leaving.dangle(from: Int(subprogram.start), to: end, number: before) || dangling
        }
        dangling = leaving.dangleBehindAppend() || dangling
        return kept
    }

    /// Adjusts all branches and says what became of the pass.
    ///
    /// - Complexity: O(branches + edits), plus O(log subprograms) for a branch into deleted code
    func adjustBranches() -> PatchStatus {
        if dangling { return .einval }
        let edits = edits
        let insns = patches.result.insns
        var jumps = jumps
        // Below 0 as soon as one landing is.
        var lowest = 0
        var number = jumps.count
        while number > 0 {
            number &-= 1
            let jump = jumps[number]
            let form = jumps.form(of: jump.insn)
            let target = jump.goal &+ 1 &+ UInt32(truncatingIfNeeded: form.offset(of: jump.insn))
            let landing = edits.landing(of: InputIndex(rawValue: target), isCall: form.isCall)
            lowest |= landing
            jumps.point(jump, to: landing, in: insns)
        }
        if lowest < 0 { return .einval }
        return overflow || jumps.overflow ? .erange : .accepted
    }
}
