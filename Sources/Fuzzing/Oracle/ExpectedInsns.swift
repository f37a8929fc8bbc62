import BPF
import Patching

/// Writes the expected instructions and aux words, by the places and targets of all input slots.
struct ExpectedInsns {
    let pass: PassImage
    let input: ProgramImage<InputIndex>
    /// Has room for one slot more than the result; removed slots are written there.
    let result: ProgramImage<OutputIndex>
    let fields: JumpReading.Table
    let jumps: UnsafeTypedBuffer<InputIndex, Int32>
    let calls: UnsafeTypedBuffer<InputIndex, Int32>
    let places: UnsafeTypedBuffer<InputIndex, Int32>
    /// The first slot whose jump has no target.
    private(set) var dangling: OutputIndex?
    /// The first slot whose offset does not fit.
    private(set) var overflow: OutputIndex?

    init(
        pass: PassImage, input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>,
        fields: JumpReading.Table, targets: borrowing ExpectedTargets
    ) {
        self.pass = pass
        self.input = input
        self.result = result
        self.fields = fields
        jumps = targets.jumps
        calls = targets.calls
        places = targets.places
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
            // The last word of the patch; without a patch, the extra slot.
            let last = count > 0 ? first + (count - 1) : OutputIndex(result.insnCount)
            let word = unsafe input.aux[InputIndex(min(edit.off.position, input.insnCount - 1))]
            unsafe result.aux[last] = edit.remove > 0 && edit.keep == EditRecord.noKeep ? word : 0
        }
    }

    /// Writes the surviving input slots, kept ones over their placeholders.
    ///
    /// - Complexity: O(slots)
    @inline(__always)
    func writeSurvivors() {
        if input.insnCount >= ExpectedInsns.longProgram { return writeRuns() }
        for number in 0..<input.insnCount {
            let slot = InputIndex(number)
            let place = unsafe places[slot]
            let at = OutputIndex(place < 0 ? result.insnCount : Int(place))
            unsafe result.insns[at] = input.insns[slot]
            unsafe result.aux[at] = input.aux[slot]
        }
    }

    /// The length from which on edits are far enough apart to copy the runs between them.
    private static let longProgram = 512

    /// Writes the same, run by run: slots between two edits are contiguous.
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

    /// Lists the jumps and calls of the program, and returns the numbers of surviving and removed ones.
    ///
    /// - Parameters:
    ///   - surviving: the list of surviving ones
    ///   - removed: the list of removed ones
    /// - Complexity: O(slots)
    @inline(__always)
    func listJumps(
        surviving: UnsafeTypedBuffer<TableIndex, InputIndex>, removed: UnsafeTypedBuffer<TableIndex, InputIndex>
    ) -> (surviving: Int, removed: Int) {
        var survivingCount = 0
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
                // Each slot is written to both lists, and counted in one or none: a branch would be unpredictable.
                unsafe surviving[TableIndex(survivingCount)] = slot
                unsafe removed[TableIndex(removedCount)] = slot
                let jump = unsafe fields.count(input.insns[slot])
                let gone = unsafe jump & Int(UInt32(bitPattern: places[slot]) &>> 31)
                survivingCount &+= jump &- gone
                removedCount &+= gone
            }
        }
        return (survivingCount, removedCount)
    }

    /// Returns true if 64 slots have the code and registers of one instruction that is not a jump or call.
    @inline(__always)
    private func hasNoJump(from start: InputIndex) -> Bool {
        unsafe input.insns.areAlike(from: start) && fields.count(input.insns[start]) == 0
    }

    /// Points a jump or call of the program to its target.
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

    /// Points a jump or call of a patch to its target.
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
            // The instruction directly after an insertion is the one before which it was inserted.
            if edit.remove == 0 && edit.off.position < input.insnCount { return }
            target = edit.end
        }
        reach(insn, field, at: at, landing: landing(of: target, field, from: edit))
    }

    /// Writes a jump or call to a slot of the result.
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

    /// The ref of a patch instruction; the oracle's own look-up.
    @inline(__always)
    private func ref(from slot: PatchIndex, of edit: EditRecord) -> InputIndex? {
        for number in stride(from: Int(edit.refCount) - 1, through: 0, by: -1) {
            let ref = unsafe pass.refs[edit.refStart + number]
            if ref.from.rawValue == slot.rawValue { return ref.to }
        }
        return nil
    }

    /// The slot that a jump of a patch to an input slot reaches; negative if it may not.
    private func landing(of target: InputIndex, _ field: JumpReading.Field, from edit: EditRecord) -> Int32 {
        if target.position >= input.insnCount { return ExpectedTargets.nothing }
        if unsafe target.position > 0 && input.insns[target + -1].code == 0x18 { return ExpectedTargets.nothing }
        if field.isCall { return unsafe calls[target] }
        let origin = InputIndex(min(edit.off.position, input.insnCount - 1))
        // A subprogram start between the two separates them.
        let low = min(origin, target).rawValue
        let high = max(origin, target).rawValue
        for number in 0..<input.subprogramCount {
            let start = unsafe input.subprograms[TableIndex(number)].start
            if start > low && start <= high { return ExpectedTargets.nothing }
        }
        return unsafe jumps[target]
    }
}
