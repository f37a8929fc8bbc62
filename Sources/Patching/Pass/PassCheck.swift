import BPF

/// A broken rule of well-formed edits, and the edit and slot that break it.
///
/// - Source: SEMANTICS, "Errors", first row
public struct MalformedEdit: Hashable, Sendable, Error, CustomStringConvertible {
    /// The rules of well-formed edits.
    public enum Rule: String, Sendable, CaseIterable {
        case outside = "the range is outside the program"
        case order = "edits are out of order, overlap or start at one index"
        case splitsWideLoad = "the range starts or ends between the slots of a wide load"
        case skipWithoutInsertion = "only an insertion can be skipped by jumps"
        case nothing = "the edit neither removes nor adds anything"
        case keepWidth = "the kept instruction is not exactly the removed range"
        case keepOutside = "the kept instruction is outside the patch"
        case brokenWideLoad = "a wide load in the patch is not whole"
        case refOutside = "a ref comes from outside the patch"
        case refSlot = "a ref comes from a kept slot or the second slot of a wide load"
        case refWithoutJump = "a ref comes from an instruction that is no jump or call"
        case refTwice = "two refs come from one instruction"
        case refCall = "a call's ref is not the start of a subprogram"
        case targetOutside = "a jump lands outside the patch"
        case targetSecondSlot = "a jump lands on the second slot of a wide load"
        case callWithoutRef = "a call in the patch has no ref"
        case subprogramInside = "a subprogram starts inside the replaced range"
    }

    /// The broken rule.
    public var rule: Rule
    /// The edit, counted from 0.
    public var edit: Int
    /// The slot of the patch, or 0 for a rule about the whole edit.
    public var slot: Int

    public init(rule: Rule, edit: Int, slot: Int) {
        self.rule = rule
        self.edit = edit
        self.slot = slot
    }

    /// The rule in words, with the edit and slot.
    public var description: String { "edit \(edit), slot \(slot): \(rule.rawValue)" }
}

/// The check for malformed edits, which runs before any patcher.
///
/// - Source: SEMANTICS, "Errors", first row
public enum PassCheck {
    /// The first malformed edit of a pass, or `nil`.
    ///
    /// - Complexity: O(patch slots × refs of their edit + edits + calls by ref × log subprograms)
    public static func fault(in pass: PassImage, on input: ProgramImage<InputIndex>) -> MalformedEdit? {
        var marks = Marks()
        var previousOff = -1
        var previousEnd = 0
        var subprogram = TableIndex(0)
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            let off = edit.off.position
            let end = off + Int(edit.remove)
            let rule: MalformedEdit.Rule? =
                if off > input.insnCount || end > input.insnCount {
                    .outside
                } else if off <= previousOff
                    || off < previousEnd
                { .order } else { placeFault(edit, on: input, &subprogram) }
            if let rule { return MalformedEdit(rule: rule, edit: number, slot: 0) }
            // No rule applies to most patches.
            let slots = marks.slots(from: edit.patchStart.position, count: Int(min(edit.patchCount, 64)), of: pass)
            if slots != 0 || edit.refCount > 0 || edit.patchCount > 64,
                let fault = patchFault(number, &marks, in: pass, on: input)
            {
                return fault
            }
            previousOff = off
            previousEnd = end
        }
        return nil
    }

    /// The rule that the place and flags of an edit break, or `nil`.
    ///
    /// All rules are tested without branches, which would be unpredictable: a number other than 0 is a broken rule.
    ///
    /// - Parameter subprogram: a subprogram at or before that of the edit; on return, that of the edit's last slot
    @inline(__always)
    private static func placeFault(
        _ edit: EditRecord, on input: ProgramImage<InputIndex>, _ subprogram: inout TableIndex
    ) -> MalformedEdit.Rule? {
        let nothing = (edit.remove | edit.patchCount) == 0 ? 1 : 0
        let split = wideBefore(edit.off, in: input) | wideBefore(edit.end, in: input)
        let skip = (edit.skipFlag == 0 ? 0 : 1) & (edit.remove == 0 ? 0 : 1)
        let keeps = edit.keep == EditRecord.noKeep ? 0 : 1
        // An append has no instruction to keep. Its `remove` of 0 equals no width, so any instruction may be read.
        let width = unsafe input.insns[min(edit.off, InputIndex(input.insnCount &- 1))].width
        let keepWidth = keeps & (Int(edit.remove) == width ? 0 : 1)
        let keepOutside = keeps & (Int(edit.keep) &+ Int(edit.remove) > Int(edit.patchCount) ? 1 : 0)
        // The last removed slot, or the one before an insertion. Its subprogram starts after `off` only if the range
        // contains a start.
        let last = InputIndex(rawValue: edit.end.rawValue &- (edit.end.rawValue == 0 ? 0 : 1))
        while input.end(of: subprogram) <= last.position { subprogram = subprogram + 1 }
        let start = unsafe input.subprograms[subprogram].start
        let inside = (edit.patchCount == 0 ? 0 : 1) & (start > edit.off.rawValue ? 1 : 0)
        if nothing | split | skip | keepWidth | keepOutside | inside == 0 { return nil }
        if nothing != 0 { return .nothing }
        if split != 0 { return .splitsWideLoad }
        if skip != 0 { return .skipWithoutInsertion }
        if keepWidth != 0 { return .keepWidth }
        return keepOutside != 0 ? .keepOutside : .subprogramInside
    }

    /// 1 for the second slot of a wide load, else 0.
    @inline(__always)
    private static func wideBefore(_ index: InputIndex, in input: ProgramImage<InputIndex>) -> Int {
        let isInside: UInt32 = index.rawValue == 0 ? 0 : 1
        let before = unsafe input.insns[InputIndex(rawValue: index.rawValue &- isInside)]
        return (before.isWide ? 1 : 0) & Int(isInside)
    }

    /// The rule that the patch of an edit or its refs break, or `nil`.
    private static func patchFault(
        _ number: Int, _ marks: inout Marks, in pass: PassImage, on input: ProgramImage<InputIndex>
    ) -> MalformedEdit? {
        let edit = pass.edit(number)
        let patch = pass.patch(of: edit)
        let count = Int(edit.patchCount)
        for base in stride(from: 0, to: count, by: 64) {
            var slots = marks.slots(from: edit.patchStart.position + base, count: min(count - base, 64), of: pass)
            while slots != 0 {
                let index = PatchIndex(base + slots.trailingZeroBitCount)
                slots &= slots &- 1
                if let rule = slotFault(index, patch, edit, in: pass) {
                    return MalformedEdit(rule: rule, edit: number, slot: index.position)
                }
            }
        }
        guard edit.refCount > 0, var fault = refFault(edit, patch, in: pass, on: input) else { return nil }
        fault.edit = number
        return fault
    }

    /// The jumps, calls and wide loads among 64 slots of the pool, a bit for each slot.
    ///
    /// Only these slots are checked one by one. Patches are short, so one word covers several of them.
    private struct Marks {
        let kinds = JumpKindTable.shared.view
        var start = 0
        var bits: UInt64 = 0
        /// The number of slots in `bits`, from `start` on.
        var count = 0

        /// The marks of up to 64 slots of the pool.
        @inline(__always)
        mutating func slots(from place: Int, count: Int, of pass: PassImage) -> UInt64 {
            if place < start || place &+ count > start &+ self.count { read(from: place, of: pass) }
            let own: UInt64 = count == 64 ? .max : 1 &<< UInt64(truncatingIfNeeded: count) &- 1
            return bits &>> UInt64(truncatingIfNeeded: place &- start) & own
        }

        @inline(never)
        private mutating func read(from place: Int, of pass: PassImage) {
            start = place
            count = min(pass.patchSlots &- place, 64)
            bits = 0
            for bit in 0..<count {
                let insn = unsafe pass.patches[PoolIndex(place &+ bit)]
                let isMarked = UInt64(kinds.count(insn)) | (insn.isWide ? 1 : 0)
                bits |= isMarked &<< UInt64(truncatingIfNeeded: bit)
            }
        }
    }

    /// The rule that a jump, call or wide load of a patch breaks, or `nil`.
    @inline(__always)
    private static func slotFault(
        _ index: PatchIndex, _ patch: UnsafeTypedBuffer<PatchIndex, Instruction>, _ edit: EditRecord, in pass: PassImage
    ) -> MalformedEdit.Rule? {
        if edit.keeps(index) { return nil }
        let insn = unsafe patch[index]
        let count = Int(edit.patchCount)
        if insn.isWide {
            let next = index + 1
            if unsafe next.position == count || patch[next].code != 0 || edit.keeps(next) { return .brokenWideLoad }
        }
        let kind = insn.jumpKind
        if kind == .none || pass.target(of: index, in: edit) != nil { return nil }
        if kind.isCall { return .callWithoutRef }
        let target = index.position &+ 1 &+ insn.jumpOffset(kind)
        if target < 0 || target > count { return .targetOutside }
        return target < count && isSecondSlot(PatchIndex(target), of: patch, edit) ? .targetSecondSlot : nil
    }

    /// Returns true for the second slot of a wide load of a patch, or of a kept one.
    @inline(__always)
    private static func isSecondSlot(
        _ index: PatchIndex, of patch: UnsafeTypedBuffer<PatchIndex, Instruction>, _ edit: EditRecord
    ) -> Bool {
        if index.position == 0 { return false }
        if edit.keeps(index) { return edit.keeps(index + -1) }
        return unsafe !edit.keeps(index + -1) && patch[index + -1].isWide
    }

    /// The rule that the refs of an edit break, or `nil`. The caller sets the number of the edit.
    private static func refFault(
        _ edit: EditRecord, _ patch: UnsafeTypedBuffer<PatchIndex, Instruction>, in pass: PassImage,
        on input: ProgramImage<InputIndex>
    ) -> MalformedEdit? {
        for number in 0..<Int(edit.refCount) {
            let ref = unsafe pass.refs[edit.refStart + number]
            let from = ref.from
            func fault(_ rule: MalformedEdit.Rule) -> MalformedEdit {
                MalformedEdit(rule: rule, edit: 0, slot: from.position)
            }
            if from.rawValue >= edit.patchCount { return fault(.refOutside) }
            if edit.keeps(from) || isSecondSlot(from, of: patch, edit) { return fault(.refSlot) }
            let kind = unsafe patch[from].jumpKind
            if kind == .none { return fault(.refWithoutJump) }
            for other in 0..<number where unsafe pass.refs[edit.refStart + other].from == from {
                return fault(.refTwice)
            }
            if kind.isCall {
                let holds =
                    unsafe ref.to.position < input.insnCount
                    && input.subprograms[input.subprogram(holding: ref.to)].start == ref.to.rawValue
                if !holds { return fault(.refCall) }
            }
        }
        return nil
    }
}
