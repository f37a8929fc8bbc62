import BPF
import Patching

/// The expected row of instructions and aux words, written from the landings of all input slots.
struct ExpectedRow {
    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    let fields: JumpReading.Table
    let jumps: Row<InputIndex, Int32>
    let calls: Row<InputIndex, Int32>
    private var at = OutputIndex(0)
    /// The first slot whose jump has no landing.
    private(set) var dangling: OutputIndex?
    /// The first slot whose offset does not fit.
    private(set) var overflow: OutputIndex?

    init(
        pass: PassImage, input: ProgramImage<InputIndex>, result: ProgramImage<OutputIndex>,
        fields: JumpReading.Table, jumps: Row<InputIndex, Int32>, calls: Row<InputIndex, Int32>
    ) {
        self.pass = pass
        self.input = input
        self.result = result
        self.fields = fields
        self.jumps = jumps
        self.calls = calls
    }

    /// Writes the whole row.
    ///
    /// - Complexity: O(slots + refs × (refs of their edit + subprograms))
    mutating func write() {
        var slot = InputIndex(0)
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            survive(from: slot, to: edit.off)
            writePatch(edit)
            slot = edit.end
        }
        survive(from: slot, to: InputIndex(input.insnCount))
    }

    /// Writes input slots that stand.
    @inline(__always)
    private mutating func survive(from start: InputIndex, to end: InputIndex) {
        var slot = start
        while slot < end {
            let insn = input.insns[slot]
            let field = fields[insn]
            if field == .none {
                result.insns[at] = insn
            } else {
                let target = InputIndex(slot.position &+ 1 &+ insn.offset(in: field))
                reach(insn, field, landing: field.isCall ? calls[target] : jumps[target])
            }
            result.aux[at] = input.aux[slot]
            at = at + 1
            slot = slot + 1
        }
    }

    /// Writes a jump or call that must reach a slot of the result.
    @inline(__always)
    private mutating func reach(_ insn: Instruction, _ field: JumpReading.Field, landing: Int32) {
        if landing < 0 {
            dangling = dangling ?? at
        } else if let fixed = insn.reaching(Int(landing) &- at.position &- 1, in: field) {
            result.insns[at] = fixed
        } else {
            overflow = overflow ?? at
        }
    }

    /// Writes the patch of one edit.
    private mutating func writePatch(_ edit: EditRecord) {
        let patch = pass.patch(of: edit)
        let first = at.position
        let count = Int(edit.patchCount)
        var second = false
        while at.position < first + count {
            let slot = PatchIndex(at.position - first)
            if slot.rawValue == edit.keep {
                survive(from: edit.off, to: edit.end)
                continue
            }
            let insn = patch[slot]
            result.aux[at] = 0
            let field = second ? .none : fields[insn]
            if field == .none {
                result.insns[at] = insn
            } else if let ref = ref(from: slot, of: edit) {
                reach(insn, field, landing: landing(of: ref, field, from: edit))
            } else if slot.position &+ 1 &+ insn.offset(in: field) < count {
                result.insns[at] = insn
            } else if edit.remove == 0 && Int(edit.off.rawValue) < input.insnCount {
                // What stands right behind an insertion is the instruction it was put before.
                result.insns[at] = insn
            } else {
                reach(insn, field, landing: landing(of: edit.end, field, from: edit))
            }
            second = !second && insn.code == 0x18
            at = at + 1
        }
        if edit.remove > 0 && edit.keep == EditRecord.noKeep && count > 0 {
            result.aux[at + -1] = input.aux[edit.off]
        }
    }

    /// What a patch instruction refers to; the oracle's own look-up.
    private func ref(from slot: PatchIndex, of edit: EditRecord) -> InputIndex? {
        for number in stride(from: Int(edit.refCount) - 1, through: 0, by: -1) {
            let ref = pass.refs[edit.refStart + number]
            if ref.from.rawValue == slot.rawValue { return ref.to }
        }
        return nil
    }

    /// Where a jump of a patch to an input slot lands; negative when it may not go there.
    private func landing(of target: InputIndex, _ field: JumpReading.Field, from edit: EditRecord) -> Int32 {
        if target.position >= input.insnCount { return Expectation.nothing }
        if target.position > 0 && input.insns[target + -1].code == 0x18 { return Expectation.nothing }
        if field.isCall { return calls[target] }
        let origin = InputIndex(min(edit.off.position, input.insnCount - 1))
        // A subprogram that starts between the two, whichever comes first, parts them.
        let low = min(origin, target).rawValue
        let high = max(origin, target).rawValue
        for number in 0..<input.subprogramCount {
            let start = input.subprograms[TableIndex(number)].start
            if start > low && start <= high { return Expectation.nothing }
        }
        return jumps[target]
    }
}
