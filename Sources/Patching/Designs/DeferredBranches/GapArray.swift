import BPF

/// The array of instructions with a gap that travels: what edits have passed stands in front of it, in the result, and what
/// they have not reached behind it, where the input has it.
struct GapArray {
    let patches: PatchWriter
    let edits: DeferredEdits
    private var jumps: StandingJumps
    /// Where the gap starts.
    private var at = OutputIndex(0)
    /// The first slot behind the gap.
    private var from = InputIndex(0)
    private var dangling = false
    private var overflow = false

    @inline(__always)
    init(patches: PatchWriter, edits: DeferredEdits, jumps: StandingJumps) {
        self.patches = patches
        self.edits = edits
        self.jumps = jumps
    }

    /// How many slots stand in front of the gap.
    var count: Int { at.position }

    // MARK: Patching

    /// Carries out all edits.
    ///
    /// - Complexity: O(slots + edits)
    mutating func patch() {
        // Work on a copy, which the compiler can keep in registers.
        var array = self
        array.patchAll()
        at = array.at
        from = array.from
        jumps = array.jumps
        dangling = array.dangling
        overflow = array.overflow
        edits.close(count: patches.pass.editCount)
    }

    @inline(__always)
    private mutating func patchAll() {
        for number in 0..<patches.pass.editCount {
            let edit = TableIndex(rawValue: UInt32(truncatingIfNeeded: number))
            moveGap(to: patches.pass.edits[edit].off)
            if patches.pass.edits[edit].isDeletion {
                edits.forget(patches.pass.edits[edit], number: number)
            } else {
                patch(edit)
            }
            from = patches.pass.edits[edit].end
            edits.remember(patches.pass.edits[edit], number: number)
        }
        moveGap(to: InputIndex(patches.input.insnCount))
    }

    /// Moves what stands between the gap and an index to its front.
    @inline(__always)
    private mutating func moveGap(to end: InputIndex) {
        while from < end {
            let insn = patches.input.insns[from]
            patches.result.insns[at] = insn
            patches.result.aux[at] = patches.input.aux[from]
            note(insn, from, at: at)
            at = at + 1
            from = from + 1
        }
    }

    /// Notes an instruction of the input if it is a branch; its goal is counted from where it stood.
    @inline(__always)
    private mutating func note(_ insn: Instruction, _ slot: InputIndex, at place: OutputIndex) {
        jumps.note(insn, at: place, goal: slot.rawValue, isJump: jumps.isJump(insn))
    }

    /// Puts a patch into the gap.
    @inline(__always)
    private mutating func patch(_ edit: TableIndex) {
        let records = patches.pass.edits
        patches.write(edit, at: at)
        if records[edit].remove > 0 {
            if records[edit].keep != EditRecord.noKeep {
                let place = patches.writeKept(edit, at: at)
                note(patches.input.insns[records[edit].off], records[edit].off, at: place)
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
        let insn = patches.pass.patches[patches.pass.edits[edit].patchStart + ref.from.position]
        let field = jumps.field(of: insn)
        let isThere = patches.input.admits(
            ref.to, fromPatchAt: patches.pass.edits[edit].off, isCall: field.isCall)
        dangling = dangling || !isThere
        // The slot from which the placeholder's offset, whatever it is, leads to the target.
        let slot = ref.to.rawValue &- 1 &- UInt32(truncatingIfNeeded: field.offset(in: insn))
        jumps.note(insn, at: at + ref.from.position, goal: slot, isJump: isThere)
    }

    // MARK: The end of the pass

    /// Writes the subprograms that stand and says how many there are.
    ///
    /// - Complexity: O(subprograms)
    func relocateSubprograms() -> Int {
        var kept = 0
        for number in 0..<patches.input.subprogramCount {
            let subprogram = patches.input.subprograms[TableIndex(number)]
            let start = landing(of: InputIndex(rawValue: subprogram.start), isCall: true)
            patches.result.subprograms[TableIndex(kept)] = Subprogram(
                start: UInt32(truncatingIfNeeded: start), id: subprogram.id)
            kept &+= start < 0 ? 0 : 1
        }
        return kept
    }

    /// Whether a jump leaves a patch behind which nothing stands.
    ///
    /// - Complexity: O(subprograms + edits)
    private func leavesDangle() -> Bool {
        let leaving = patches.leaving
        var start = 0
        var isDangling = leaving.dangleBehindAppend()
        for number in 0..<patches.input.subprogramCount {
            let end = patches.input.end(of: TableIndex(number))
            let before = edits.starts.count(through: InputIndex(end) + -1)
            isDangling = leaving.dangle(from: start, to: end, number: before) || isDangling
            start = end
        }
        return isDangling
    }

    /// Adjusts all branches and says what became of the pass.
    ///
    /// - Complexity: O(branches + edits), plus O(log subprograms) for a branch into deleted code
    func adjustBranches() -> PatchStatus {
        if dangling || leavesDangle() { return .einval }
        let insns = patches.result.insns
        var jumps = jumps
        // Below 0 as soon as one landing is.
        var lowest = 0
        var number = jumps.count
        while number > 0 {
            number &-= 1
            let jump = jumps[number]
            let field = jumps.field(of: jump.insn)
            let target = jump.goal &+ 1 &+ UInt32(truncatingIfNeeded: field.offset(in: jump.insn))
            let landing = landing(of: InputIndex(rawValue: target), isCall: field.isCall)
            lowest |= landing
            jumps.point(jump, to: landing, in: insns)
        }
        if lowest < 0 { return .einval }
        return overflow || jumps.overflow ? .erange : .accepted
    }
}
