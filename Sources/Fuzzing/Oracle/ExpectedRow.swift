import BPF
import Patching

/// The expected row of instructions and aux words, written from the places and landings of all input slots.
struct ExpectedRow {
    let pass: PassImage
    let input: ProgramImage<InputIndex>
    /// Room for one slot more than the result has: what does not stand is written there.
    let result: ProgramImage<OutputIndex>
    let fields: JumpReading.Table
    let jumps: UnsafeTypedBuffer<InputIndex, Int32>
    let calls: UnsafeTypedBuffer<InputIndex, Int32>
    let places: UnsafeTypedBuffer<InputIndex, Int32>
    /// The first slot whose jump has no landing.
    private(set) var dangling: OutputIndex?
    /// The first slot whose offset does not fit.
    private(set) var overflow: OutputIndex?

    init(
        pass: PassImage, input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>,
        fields: JumpReading.Table, landings: borrowing Landings
    ) {
        self.pass = pass
        self.input = input
        self.result = result
        self.fields = fields
        jumps = landings.jumps
        calls = landings.calls
        places = landings.places
    }

    /// Writes the patches as they are, placeholders included, with their aux words.
    ///
    /// - Complexity: O(edits + patch slots)
    @inline(__always)
    func writePatches() {
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let patch = pass.patch(of: edit)
            let count = Int(edit.patchCount)
            let first = unsafe OutputIndex(rawValue: UInt32(bitPattern: calls[edit.off]))
            for slot in 0..<count {
                unsafe result.insns[first + slot] = patch[PatchIndex(slot)]
                unsafe result.aux[first + slot] = 0
            }
            // The last word, or where there is no patch one that does not matter.
            let last = count > 0 ? first + (count - 1) : OutputIndex(result.insnCount)
            let word = unsafe input.aux[InputIndex(min(edit.off.position, input.insnCount - 1))]
            unsafe result.aux[last] = edit.remove > 0 && edit.keep == EditRecord.noKeep ? word : 0
        }
    }

    /// Writes the input slots that stand, what is kept over its placeholders.
    ///
    /// - Complexity: O(slots)
    @inline(__always)
    func writeSurvivors() {
        if input.insnCount >= ExpectedRow.longProgram { return writeRuns() }
        for number in 0..<input.insnCount {
            let slot = InputIndex(number)
            let place = unsafe places[slot]
            let at = OutputIndex(place < 0 ? result.insnCount : Int(place))
            unsafe result.insns[at] = input.insns[slot]
            unsafe result.aux[at] = input.aux[slot]
        }
    }

    /// From this length on, edits are far enough apart that runs of slots between them are worth a copy each.
    private static let longProgram = 512

    /// Writes the same, run by run: slots between two edits stand side by side.
    ///
    /// - Complexity: O(slots)
    @inline(never)
    private func writeRuns() {
        var slot = InputIndex(0)
        for number in 0...pass.editCount {
            let isEnd = number == pass.editCount
            let stop = isEnd ? InputIndex(input.insnCount) : pass.edit(number).off
            if slot < stop {
                let at = unsafe OutputIndex(Int(places[slot]))
                unsafe result.insns.copy(stop - slot, from: input.insns, at: slot, to: at)
                unsafe result.aux.copy(stop - slot, from: input.aux, at: slot, to: at)
            }
            if isEnd { return }
            slot = stop
            let end = pass.edit(number).end
            while slot < end {
                if unsafe places[slot] >= 0 {
                    let at = unsafe OutputIndex(Int(places[slot]))
                    unsafe result.insns[at] = input.insns[slot]
                    unsafe result.aux[at] = input.aux[slot]
                }
                slot = slot + 1
            }
        }
    }

    /// Lists the jumps and calls of the program and says how many stand and how many do not.
    ///
    /// - Parameters:
    ///   - standing: where to list those that stand
    ///   - removed: where to list the others
    /// - Complexity: O(slots)
    @inline(__always)
    func listJumps(
        standing: UnsafeTypedBuffer<TableIndex, InputIndex>, removed: UnsafeTypedBuffer<TableIndex, InputIndex>
    ) -> (standing: Int, removed: Int) {
        var standingCount = 0
        var removedCount = 0
        var start = 0
        while start < input.insnCount {
            let stop = min(start &+ UnsafeTypedBuffer<InputIndex, Instruction>.alikeCount, input.insnCount)
            defer { start = stop }
            if stop &- start == UnsafeTypedBuffer<InputIndex, Instruction>.alikeCount
                && hasNoJump(from: InputIndex(start))
            {
                continue
            }
            for number in start..<stop {
                let slot = InputIndex(number)
                // Each slot is written to both lists, and counted in one or none.
                unsafe standing[TableIndex(standingCount)] = slot
                unsafe removed[TableIndex(removedCount)] = slot
                let jump = unsafe fields.count(input.insns[slot])
                let gone = unsafe jump & Int(UInt32(bitPattern: places[slot]) &>> 31)
                standingCount &+= jump &- gone
                removedCount &+= gone
            }
        }
        return (standingCount, removedCount)
    }

    /// True if 64 slots are one instruction over and over that is no jump or call; its code and registers decide that.
    @inline(__always)
    private func hasNoJump(from start: InputIndex) -> Bool {
        unsafe input.insns.areAlike(from: start) && fields.count(input.insns[start]) == 0
    }

    /// Lets a jump or call of the program reach what it must.
    ///
    /// - Complexity: O(1)
    @inline(__always)
    mutating func fix(_ slot: InputIndex) {
        let insn = unsafe input.insns[slot]
        let field = fields[insn]
        let target = InputIndex(slot.position &+ 1 &+ insn.offset(in: field))
        let landing = unsafe field.isCall ? calls[target] : jumps[target]
        unsafe reach(insn, field, at: OutputIndex(Int(places[slot])), landing: landing)
    }

    /// Lets a jump or call of a patch reach what it must.
    ///
    /// - Complexity: O(refs of the edit + subprograms)
    @inline(__always)
    mutating func fix(_ jump: EditRules.PatchJump) {
        let edit = unsafe pass.edits[jump.edit]
        let insn = unsafe pass.patch(of: edit)[jump.slot]
        let field = fields[insn]
        let at = unsafe OutputIndex(Int(calls[edit.off])) + jump.slot.position
        let target: InputIndex
        if let ref = ref(from: jump.slot, of: edit) {
            target = ref
        } else {
            if jump.slot.position &+ 1 &+ insn.offset(in: field) < Int(edit.patchCount) { return }
            // What stands right behind an insertion is the instruction it was put before.
            if edit.remove == 0 && edit.off.position < input.insnCount { return }
            target = edit.end
        }
        reach(insn, field, at: at, landing: landing(of: target, field, from: edit))
    }

    /// Writes a jump or call that must reach a slot of the result.
    @inline(__always)
    private mutating func reach(_ insn: Instruction, _ field: JumpReading.Field, at: OutputIndex, landing: Int32) {
        if landing < 0 {
            dangling = min(dangling ?? at, at)
        } else if let fixed = insn.reaching(Int(landing) &- at.position &- 1, in: field) {
            unsafe result.insns[at] = fixed
        } else {
            overflow = min(overflow ?? at, at)
        }
    }

    /// What a patch instruction refers to; the oracle's own look-up.
    @inline(__always)
    private func ref(from slot: PatchIndex, of edit: EditRecord) -> InputIndex? {
        for number in stride(from: Int(edit.refCount) - 1, through: 0, by: -1) {
            let ref = unsafe pass.refs[edit.refStart + number]
            if ref.from.rawValue == slot.rawValue { return ref.to }
        }
        return nil
    }

    /// Where a jump of a patch to an input slot lands; negative when it may not go there.
    private func landing(of target: InputIndex, _ field: JumpReading.Field, from edit: EditRecord) -> Int32 {
        if target.position >= input.insnCount { return Landings.nothing }
        if unsafe target.position > 0 && input.insns[target + -1].code == 0x18 { return Landings.nothing }
        if field.isCall { return unsafe calls[target] }
        let origin = InputIndex(min(edit.off.position, input.insnCount - 1))
        // A subprogram that starts between the two, whichever comes first, parts them.
        let low = min(origin, target).rawValue
        let high = max(origin, target).rawValue
        for number in 0..<input.subprogramCount {
            let start = unsafe input.subprograms[TableIndex(number)].start
            if start > low && start <= high { return Landings.nothing }
        }
        return unsafe jumps[target]
    }
}
