import BPF

/// The blocks of a program put back in a row, patched.
struct BlockRow {
    /// In ``places``: nothing stands for the block.
    private static let nothing = UInt32.max

    private let blocks: BlockProgram
    private let patches: PatchWriter
    /// For each block, where jumps to it land and then where calls do.
    private let places: Row<TableIndex, UInt32>
    private var jumps: StandingJumps
    /// How many blocks have been reached.
    private var reached: UInt32 = 0
    /// Where the row ends so far.
    private var at = OutputIndex(0)
    /// The slot of the input that comes next.
    private var from = InputIndex(0)
    /// How many slots at the end of the row belong to no subprogram.
    private var appended = 0
    private var dangling = false
    private var overflow = false

    @inline(__always)
    init(blocks: BlockProgram, patches: PatchWriter, places: Row<TableIndex, UInt32>, jumps: StandingJumps) {
        self.blocks = blocks
        self.patches = patches
        self.places = places
        self.jumps = jumps
    }

    /// How many slots are in the row.
    var count: Int { at.position }

    // MARK: Joining

    /// Puts all blocks in the row.
    ///
    /// - Complexity: O(slots + edits)
    mutating func join() {
        // Work on a copy, which the compiler can keep in registers.
        var row = self
        row.joinAll()
        at = row.at
        from = row.from
        reached = row.reached
        jumps = row.jumps
        appended = row.appended
        dangling = row.dangling
        overflow = row.overflow
    }

    @inline(__always)
    private mutating func joinAll() {
        for number in 0..<patches.pass.editCount {
            let edit = TableIndex(rawValue: UInt32(truncatingIfNeeded: number))
            copy(to: patches.pass.edits[edit].off)
            if patches.pass.edits[edit].isDeletion {
                drop(to: patches.pass.edits[edit].end, place: at.rawValue)
            } else {
                patch(edit)
            }
        }
        copy(to: InputIndex(patches.input.insnCount))
    }

    /// Copies what stands between the row's end and an index.
    @inline(__always)
    private mutating func copy(to end: InputIndex) {
        while from < end {
            place(at.rawValue)
            copy()
        }
    }

    /// Gives the next block a place, if it starts at the next slot; what is not its place is overwritten.
    @inline(__always)
    private mutating func place(_ place: UInt32) {
        places[TableIndex(rawValue: reached &* 2)] = place
        places[TableIndex(rawValue: reached &* 2 &+ 1)] = place
        reached &+= blocks.leader(at: from)
    }

    /// Copies the next slot.
    @inline(__always)
    private mutating func copy() {
        patches.result.insns[at] = patches.input.insns[from]
        patches.result.aux[at] = patches.input.aux[from]
        note(from, at: at)
        at = at + 1
        from = from + 1
    }

    /// Notes a slot of the input if it is a jump.
    @inline(__always)
    private mutating func note(_ slot: InputIndex, at place: OutputIndex) {
        let goal = blocks.goals[slot]
        jumps.note(
            patches.input.insns[slot], at: place, goal: goal, isJump: goal != BlockProgram.noGoal)
    }

    /// Passes removed slots and gives the blocks that start among them one place.
    @inline(__always)
    private mutating func drop(to end: InputIndex, place: UInt32) {
        let last = blocks.blocks(before: end)
        while reached < last {
            places[TableIndex(rawValue: reached &* 2)] = place
            places[TableIndex(rawValue: reached &* 2 &+ 1)] = place
            reached &+= 1
        }
        from = end
    }

    /// Puts a patch into the block.
    @inline(__always)
    private mutating func patch(_ edit: TableIndex) {
        let records = patches.pass.edits
        let start = at
        // What stands before the edit has been copied, so the next slot is where the edit starts.
        place(at.rawValue)
        patches.write(edit, at: start)
        if records[edit].refCount > 0 {
            for number in 0..<records[edit].refCount {
                note(patches.pass.refs[records[edit].refStart + Int(number)], of: edit)
            }
        }
        at = at + Int(records[edit].patchCount)
        if records[edit].remove > 0 {
            if records[edit].keep != EditRecord.noKeep {
                note(from, at: patches.writeKept(edit, at: start))
            } else {
                patches.writeWord(edit, at: start)
            }
            from = from + 1
            if records[edit].remove > 1 {
                patches.writeSecondKept(edit, at: start)
                // Past the first slot nothing stands for what a patch has replaced.
                drop(to: records[edit].end, place: BlockRow.nothing)
            }
            return
        }
        if records[edit].skip {
            BlockRow.skip(places, upTo: reached, start: start.rawValue, count: records[edit].patchCount)
            let fits = patches.leaving.skip(edit, at: start, in: patches.result.insns)
            overflow = overflow || !fits
        }
        // The block at an insertion has its place; the slot before which it stands follows without one.
        if from.position < patches.input.insnCount { copy() } else { appended = Int(records[edit].patchCount) }
    }

    /// Notes a jump or call that reaches the input by a ref.
    @inline(__always)
    private mutating func note(_ ref: Ref, of edit: TableIndex) {
        let insn = patches.pass.patches[patches.pass.edits[edit].patchStart + ref.from.position]
        let isCall = jumps.field(of: insn).isCall
        if patches.input.admits(ref.to, fromPatchAt: patches.pass.edits[edit].off, isCall: isCall) {
            let goal = blocks.goal(at: ref.to, isCall: isCall)
            jumps.note(insn, at: at + ref.from.position, goal: goal, isJump: true)
        } else {
            dangling = true
        }
    }

    /// Lets jumps to the blocks that are empty before inserted code, and to the one that starts with it, land behind it.
    ///
    /// - Complexity: O(blocks that are)
    @inline(never)
    private static func skip(_ places: Row<TableIndex, UInt32>, upTo block: UInt32, start: UInt32, count: UInt32) {
        var empty = block
        while empty > 0 && places[TableIndex(rawValue: empty &* 2 &- 1)] == start {
            empty &-= 1
            places[TableIndex(rawValue: empty &* 2)] = start &+ count
        }
    }

    // MARK: The end of the pass

    /// Writes the subprograms that stand, says how many there are, and lets nothing stand for blocks that are empty at the
    /// end of their subprogram.
    ///
    /// - Complexity: O(subprograms + empty blocks)
    func relocateSubprograms() -> Int {
        let input = patches.input
        var kept = 0
        var first = 0
        for number in 0..<input.subprogramCount {
            var next = blocks.count
            var end = UInt32(at.position - appended)
            if number + 1 < input.subprogramCount {
                next = Int(blocks.block(at: InputIndex(rawValue: input.subprograms[TableIndex(number + 1)].start)))
                end = places[TableIndex(2 * next + 1)]
            }
            var empty = next
            while empty > 0 && places[TableIndex(2 * empty - 1)] == end {
                empty -= 1
                places[TableIndex(2 * empty)] = BlockRow.nothing
                places[TableIndex(2 * empty + 1)] = BlockRow.nothing
            }
            let start = places[TableIndex(2 * first + 1)]
            patches.result.subprograms[TableIndex(kept)] = Subprogram(
                start: start, id: input.subprograms[TableIndex(number)].id)
            kept += start == BlockRow.nothing ? 0 : 1
            first = next
        }
        return kept
    }

    /// Points all jumps to the places of their blocks and says what became of the pass.
    ///
    /// - Complexity: O(jumps)
    func pointJumps() -> PatchStatus {
        if dangling { return .einval }
        let insns = patches.result.insns
        let places = places
        var jumps = jumps
        var isLost = false
        var number = jumps.count
        while number > 0 {
            number &-= 1
            let jump = jumps[number]
            let place = places[TableIndex(rawValue: jump.goal)]
            isLost = isLost || place == BlockRow.nothing
            jumps.point(jump, to: Int(place), in: insns)
        }
        if isLost { return .einval }
        return overflow || jumps.overflow ? .erange : .accepted
    }
}
